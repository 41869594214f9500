"""Asks each question once, however many checks want the answer at the same time."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar, cast

import structlog

from config_service.services.doctor.unseen import UnseenError
from shared.errors import ServiceError

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Once:
    """Keeps answers, and failures, by the question; who comes second waits for the first one's."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lock = Lock()
        self._answers: dict[Any, Future[Any]] = {}

    def get(self, question: Any, ask: Callable[[], T]) -> T:
        """Return what `ask` returned for this question, or raise what it raised."""
        with self._lock:
            known = self._answers.get(question)
            future = known or self._answers.setdefault(question, Future())
        if known is None:
            _answer(future, ask)
        return cast("T", future.result())

    def known(self, question: Any) -> Any:
        """Return the answer where there is one already, without asking or waiting; else None."""
        with self._lock:
            future = self._answers.get(question)
        return future.result() if future and future.done() and not future.exception() else None


def _answer(future: Future[T], ask: Callable[[], T]) -> None:
    """Answer, or fail with an error of ours: a mistake is logged here, once, not by everybody who asked."""
    try:
        future.set_result(ask())
    except ServiceError as error:
        future.set_exception(error)
    except Exception as error:
        log.exception("a question of the doctor failed")
        future.set_exception(UnseenError(f"the doctor itself failed ({type(error).__name__}); see the log"))
    except BaseException as error:
        future.set_exception(error)
        raise
