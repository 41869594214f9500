"""Work that must not hold up a request: a thread pool, and one clock for all that is to happen later."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_WORKERS = 32
_log = logging.getLogger(__name__)


class Background:
    """Runs jobs now or later; a waiting job costs a timer, not a thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="local-aws")
        self._clock = asyncio.new_event_loop()
        self._clock_thread = threading.Thread(target=self._clock.run_forever, name="clock", daemon=True)
        self._clock_thread.start()

    def run(self, job: Callable[..., None], *arguments: Any) -> None:
        self._pool.submit(_logged, job, *arguments)

    def later(self, seconds: float, job: Callable[..., None], *arguments: Any) -> None:
        self._clock.call_soon_threadsafe(self._clock.call_later, seconds, self.run, job, *arguments)

    def close(self) -> None:
        """Stop the clock first, so that nothing new arrives in the closing pool."""
        self._clock.call_soon_threadsafe(self._clock.stop)
        self._clock_thread.join()
        self._clock.close()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _logged(job: Callable[..., None], *arguments: Any) -> None:
    try:
        job(*arguments)
    except Exception:  # noqa: BLE001 - a pool would swallow it unseen
        _log.exception("%s failed", getattr(job, "__qualname__", job))
