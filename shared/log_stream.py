"""Where the lines of the log go: to stderr, each whole; what is told together in one write."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

_one_at_a_time = Lock()  # else a long line may stop half-way in a full pipe, and another one go between
_held: ContextVar[list[str] | None] = ContextVar("held_lines", default=None)

# Bytes. A pipe takes that much at once, without another process's lines in between: PIPE_BUF in
# https://man7.org/linux/man-pages/man7/pipe.7.html
_AT_ONCE = 4096


class LineLogger:
    """Writes lines to stderr, and knows whose they are; structlog calls it by the lines' levels."""

    def __init__(self, name: str = "") -> None:
        """Take the name of the module that logs."""
        self.name = name

    def info(self, line: str) -> None:
        """Write a line, or keep it for the end of `in_one_write`."""
        held = _held.get()
        if held is None:
            _write(f"{line}\n")
        else:
            held.append(line)

    debug = warning = error = critical = info


@contextmanager
def in_one_write() -> Iterator[None]:
    """Write the lines of this context together, at its end; nothing that goes on then may begin in it."""
    held: list[str] = []
    before = _held.set(held)
    try:
        yield
    finally:
        _held.reset(before)
        for piece in _pieces(held):
            _write(piece)


def _write(text: str) -> None:
    with _one_at_a_time:
        sys.stderr.write(text)  # the end of a line flushes it


def _pieces(lines: list[str]) -> Iterator[str]:
    piece, length = "", 0
    for line in lines:
        size = len(line.encode(errors="replace")) + 1
        if piece and length + size > _AT_ONCE:
            yield piece
            piece, length = "", 0
        piece += f"{line}\n"
        length += size
    if piece:
        yield piece
