"""Where the lines of the log go: to stderr, each whole; what is told together in one write."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_held: ContextVar[list[str] | None] = ContextVar("held_lines", default=None)

# Characters. A pipe takes that much at once, without another process's lines in between: PIPE_BUF in
# https://man7.org/linux/man-pages/man7/pipe.7.html
_AT_ONCE = 4096


class LineLogger:
    """Writes lines to stderr, and knows whose they are; structlog calls it by the lines' levels.

    It has no lock: stderr takes a text whole, whoever else writes, and a line's end flushes it.
    """

    def __init__(self, name: str = "") -> None:
        """Take the name of the module that logs."""
        self.name = name

    def info(self, line: str) -> None:
        """Write a line, or keep it for the end of `in_one_write`."""
        held = _held.get()
        if held is None:
            sys.stderr.write(f"{line}\n")
        else:
            held.append(line)

    debug = warning = error = critical = info


@contextmanager
def in_one_write() -> Iterator[None]:
    """Write the lines of this context together, at its end."""
    held: list[str] = []
    before = _held.set(held)
    try:
        yield
    finally:
        _held.reset(before)
        for piece in _pieces(held):
            sys.stderr.write(piece)


def _pieces(lines: list[str]) -> Iterator[str]:
    piece, length = "", 0
    for line in lines:
        length += len(line) + 1
        if piece and length > _AT_ONCE:
            yield piece
            piece, length = "", len(line) + 1
        piece += f"{line}\n"
    if piece:
        yield piece
