"""Sends messages at a fixed rate, as they would arrive, whether or not the answers keep up.

A message's time is counted from when it was due, so that a service that falls behind shows in the times of
all who wait, and not only in those of the few that it is working on.
"""

import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_SENDERS = 48  # connections that stay open; more messages than that at once wait for their turn
_TIMEOUT = 15  # seconds that SNS waits

Message = tuple[dict[str, str], bytes]


@dataclass
class Sent:
    """What became of the messages: (second at which it was due, milliseconds until its answer)."""

    answers: list[tuple[float, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class PacedSender:
    """Sends `messages` to `url`, `rate` a second, from threads of its own."""

    def __init__(self, url: str, messages: Iterator[Message], rate: float) -> None:
        """Take what to send, where to, and how often."""
        self._url = urlsplit(url)
        self._messages = enumerate(messages)
        self._rate = rate
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(_SENDERS)]
        self._began = 0.0
        self.sent = Sent()

    def start(self) -> None:
        """Begin."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    @property
    def running(self) -> bool:
        """Whether there is still something to send."""
        return any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Send nothing more, and return once the last answer is there."""
        self._stopped.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_TIMEOUT)

    def _send(self) -> None:
        connection = http.client.HTTPConnection(self._url.netloc, timeout=_TIMEOUT)
        while (found := self._next()) is not None:
            number, (headers, body) = found
            due = number / self._rate
            if self._stopped.wait(max(0.0, self._began + due - time.monotonic())):
                break
            error = self._post(connection, headers, body)
            if error:
                self.sent.errors.append(error)
            else:
                self.sent.answers.append((due, (time.monotonic() - self._began - due) * 1000))
        connection.close()

    def _next(self) -> tuple[int, Message] | None:
        with self._lock:
            return next(self._messages, None)

    def _post(self, connection: http.client.HTTPConnection, headers: dict[str, str], body: bytes) -> str:
        """Return what went wrong, or an empty text."""
        try:
            connection.request("POST", self._url.path, body, headers)
            response = connection.getresponse()
            said = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return type(error).__name__
        if response.status != 200:
            return f"{response.status}: {said[:200].decode(errors='replace')}"
        return "" if b'"recorded"' in said else said[:200].decode(errors="replace")
