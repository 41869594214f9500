"""SNS: keeps what is published until a delivery is acknowledged or given up, whoever is killed meanwhile."""

import json
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

DELIVERED = "delivered"
RETRYING = "retrying"

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Parcel:
    """A signed message; `attempts` of the courier that has it now."""

    headers: dict[str, str]
    body: str
    attempts: int = 0


@dataclass
class Tally:
    """What became of the deliveries so far; codes are those of single tries, None is no answer."""

    acknowledged: set[int] = field(default_factory=set)
    dead: dict[int, Parcel] = field(default_factory=dict)
    tries: int = 0
    codes: Counter[int | None] = field(default_factory=Counter)


class Sender:
    """Feeds the courier's process, notes down what it tells, and starts another one where it was killed."""

    def __init__(self, endpoint: str, retries: int, retry_delay: float, log: Path) -> None:
        """Take where to deliver, and how often and how fast to try again (seconds)."""
        options = ["--retries", str(retries), "--retry-delay", str(retry_delay)]
        self._command = [sys.executable, "-m", "chaos.courier", endpoint, *options]
        self._log = log
        self._lock = threading.Lock()
        self._pending: dict[int, Parcel] = {}
        self.tally = Tally()
        self.sent = 0
        self._start()

    @property
    def in_flight(self) -> int:
        """How many publications are neither acknowledged nor given up."""
        return len(self._pending)

    def send(self, number: int, parcel: Parcel) -> None:
        """Hand a message over, under a number of its own."""
        with self._lock:
            self._pending[number] = parcel
        self.sent += 1
        self._hand_over(number, parcel)

    def kill(self) -> None:
        """Kill the courier's process in the midst of its deliveries; the next one begins them anew."""
        self._process.kill()
        self.close()
        self._start()
        for number, parcel in list(self._pending.items()):
            parcel.attempts = 0
            self._hand_over(number, parcel)

    def close(self) -> None:
        """End the courier, and hear what it still had to tell."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait(30)
        self._listener.join()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()

    def _hand_over(self, number: int, parcel: Parcel) -> None:
        assert self._process.stdin is not None
        line = json.dumps([number, parcel.headers, parcel.body]) + "\n"
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as told:
            for line in told:
                if line.endswith(b"\n"):  # else it was killed in the midst of it
                    self._note(*json.loads(line))

    def _note(self, number: int, attempts: int, status: str, code: int | None) -> None:
        with self._lock:
            parcel = self._pending[number]
            self.tally.tries += attempts - parcel.attempts
            if attempts > parcel.attempts:
                self.tally.codes[code] += 1
            parcel.attempts = attempts
            if status == RETRYING:
                return
            del self._pending[number]
            if status == DELIVERED:
                self.tally.acknowledged.add(number)
            else:
                self.tally.dead[number] = parcel
