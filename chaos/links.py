"""Connections that can be cut: each link passes bytes on between two processes, unless told otherwise."""

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

_PIECE = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing resets the connection

Address = tuple[str, int] | Path
"""A host and a port, or a Unix socket."""


@dataclass(eq=False)
class _Pair:
    """One connection from a client, and the one to the server that belongs to it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter

    def reset(self) -> None:
        for writer in (self.client, self.server):
            if found := writer.get_extra_info("socket"):
                with suppress(OSError):
                    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


@dataclass(eq=False)
class Link:
    """From where it listens to where it leads."""

    listens_at: Address
    leads_to: Address
    answers_lost: int = 0
    _open: set[_Pair] = field(default_factory=set)
    _to_swallow: int = 0

    @property
    def port(self) -> int:
        """The port it listens at."""
        assert not isinstance(self.listens_at, Path)
        return self.listens_at[1]

    def cut(self) -> None:
        """Reset every connection that is open now."""
        for pair in list(self._open):
            pair.reset()

    def swallow(self, count: int) -> None:
        """Let `count` requests through and lose what is answered, with their connections; 0: lose no more."""
        self._to_swallow = count

    async def serve(self) -> None:
        """Begin to listen."""
        if isinstance(self.listens_at, Path):
            await asyncio.start_unix_server(self._connected, self.listens_at)
        else:
            await asyncio.start_server(self._connected, *self.listens_at)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if isinstance(self.leads_to, Path):
                answers, requests = await asyncio.open_unix_connection(self.leads_to)
            else:
                answers, requests = await asyncio.open_connection(*self.leads_to)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(writer, requests)
        self._open.add(pair)
        try:
            await asyncio.gather(self._pass(reader, requests), self._pass(answers, writer, pair))
        except OSError:
            pair.reset()
        finally:
            self._open.discard(pair)

    async def _pass(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, lossy: _Pair | None = None
    ) -> None:
        while piece := await source.read(_PIECE):
            if lossy and self._to_swallow:
                self._to_swallow -= 1
                self.answers_lost += 1
                lossy.reset()
                return
            target.write(piece)
            await target.drain()
        target.close()


class Links:
    """Links served by a thread of their own."""

    def __init__(self) -> None:
        """Open none yet."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="links", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """End it, and with it every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def open(self, listens_at: Address, leads_to: Address) -> Link:
        """Return a link that is listening."""
        link = Link(listens_at, leads_to)
        asyncio.run_coroutine_threadsafe(link.serve(), self._loop).result(5)
        return link

    def cut(self, link: Link) -> None:
        """Reset the connections of a link."""
        self._loop.call_soon_threadsafe(link.cut)

    def swallow(self, link: Link, count: int) -> None:
        """Lose the next `count` answers of a link."""
        self._loop.call_soon_threadsafe(link.swallow, count)
