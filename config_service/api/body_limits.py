"""How large a body may be, whether its length is announced or it comes in chunks.

Of chunks werkzeug reads no more than its limit, and does not say that there was more: its limit is one byte
above ours, so that "more" can be told from "just full".
"""

from collections.abc import Iterator
from typing import IO

from flask import Flask, request
from werkzeug.exceptions import RequestEntityTooLarge


def limit_bodies(app: Flask, limit: int) -> None:
    """Let no request of `app` bring more than `limit` bytes, unless its view says otherwise."""
    app.config["MAX_CONTENT_LENGTH"] = limit + 1


def limit_body(limit: int) -> None:
    """Let this request bring up to `limit` bytes."""
    request.max_content_length = limit + 1


def whole_body() -> bytes:
    """Return the request's body; raise 413 where it is too large."""
    body = request.get_data(cache=True)
    if request.max_content_length is not None and len(body) >= request.max_content_length:
        raise RequestEntityTooLarge
    return body


def lines_of_body(stream: IO[bytes], limit: int, longest: int) -> Iterator[bytes]:
    """Yield the lines of a body as they arrive, cut at `longest` bytes; raise 413 past `limit` bytes."""
    left = limit
    while line := stream.readline(longest):
        left -= len(line)
        if left < 0:
            raise RequestEntityTooLarge(
                f"The body has more than {limit} bytes; what came before is dealt with already."
            )
        yield line
