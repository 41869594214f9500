"""Sends messages at a fixed rate, as they would arrive, whether or not the answers keep up.

A message's time is counted from when it was due, so that a service that falls behind shows in the times of
all who wait, and not only in those of the few that it is working on. One thread sends them all: the machine's
cores are for what is measured.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_CONNECTIONS = 48  # that stay open; more messages than that at once wait for their turn
_TIMEOUT = 15  # seconds that SNS waits

Message = tuple[dict[str, str], bytes]


@dataclass
class Sent:
    """What became of the messages: (second at which it was due, milliseconds until its answer)."""

    answers: list[tuple[float, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class PacedSender:
    """Sends `messages` to `url`, `rate` a second, from a thread of its own."""

    def __init__(self, url: str, messages: Iterator[Message], rate: float) -> None:
        """Take what to send, where to, and how often."""
        self._url = urlsplit(url)
        self._messages = enumerate(messages)
        self._rate = rate
        self._stopped = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._send_all()), daemon=True)
        self._began = 0.0
        self.sent = Sent()

    def start(self) -> None:
        """Begin."""
        self._began = time.monotonic()
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether there is still something to send, or an answer to come."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Send nothing more, and return once the last answer is there."""
        self._stopped = True
        if self._thread.is_alive():
            self._thread.join(_TIMEOUT)

    async def _send_all(self) -> None:
        await asyncio.gather(*[self._send() for _ in range(_CONNECTIONS)])

    async def _send(self) -> None:
        reader, writer = await asyncio.open_connection(self._url.hostname, self._url.port)
        while not self._stopped and (found := next(self._messages, None)) is not None:
            number, (headers, body) = found
            due = number / self._rate
            if (early := self._began + due - time.monotonic()) > 0:
                await asyncio.sleep(early)
            writer.write(self._request(headers, body))
            try:
                error = await asyncio.wait_for(_answer(reader), _TIMEOUT)
            except (OSError, EOFError, TimeoutError) as lost:
                self.sent.errors.append(type(lost).__name__)
                writer.close()
                reader, writer = await asyncio.open_connection(self._url.hostname, self._url.port)
                continue
            if error:
                self.sent.errors.append(error)
            else:
                self.sent.answers.append((due, (time.monotonic() - self._began - due) * 1000))
        writer.close()

    def _request(self, headers: dict[str, str], body: bytes) -> bytes:
        given = headers | {"Host": self._url.netloc, "Content-Length": str(len(body))}
        lines = [f"POST {self._url.path} HTTP/1.1", *[f"{name}: {value}" for name, value in given.items()]]
        return "\r\n".join([*lines, "", ""]).encode() + body


async def _answer(reader: asyncio.StreamReader) -> str:
    """Return what is wrong with the answer, or an empty text."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"\r\ncontent-length:")[2].split(b"\r\n")[0])
    said = await reader.readexactly(length)
    if head.split()[1] == b"200" and b'"recorded"' in said:
        return ""
    return (head.split(b"\r\n")[0] + b": " + said[:200]).decode(errors="replace")
