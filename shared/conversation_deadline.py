"""Ends a conversation in time, however slowly the other side drips."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class ConversationDeadline:
    """Shuts connections down when its time is over: a socket's own time-out starts anew with each byte.

    A timer does it, since smtplib and http.client read through a buffered file that knows of no deadline.
    """

    def __init__(self, seconds: float) -> None:
        """Take the time that begins with the `with` block."""
        self.seconds = seconds
        self.passed = False
        self._watched: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        """Start the clock."""
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and let go of the connection."""
        self._timer.cancel()
        with self._lock:
            if self._watched:
                self._watched.close()
            self._watched = None

    def watch(self, connection: socket.socket) -> None:
        """Shut `connection` down when the time is over.

        A handle of our own stays valid when TLS takes the connection over.
        """
        with self._lock:
            self._watched = connection.dup()
            if self.passed:
                self._shut_down()

    def _pass(self) -> None:
        with self._lock:
            self.passed = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._watched:
            with suppress(OSError):  # the other side was faster
                self._watched.shutdown(socket.SHUT_RDWR)
