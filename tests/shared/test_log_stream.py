"""Lines of the log go out whole: at once, or those of several requests together."""

import errno
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from shared.access_line import AccessLine, Ended, afterwards, describe, end_together
from shared.log_stream import LineLogger, in_one_write
from shared.logging import configure_logging
from tests.canaries import logging_as_before


class Written:
    """A standard error that keeps its writes apart."""

    def __init__(self) -> None:
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    stderr = Written()
    monkeypatch.setattr("shared.log_stream.sys", SimpleNamespace(stderr=stderr))
    return stderr.writes


def test_a_line_goes_out_at_once(written: list[str]) -> None:
    LineLogger("x").info("one")
    LineLogger("y").error("two")
    assert written == ["one\n", "two\n"]


_FOUR_THREADS = """
from concurrent.futures import ThreadPoolExecutor
from shared.log_stream import LineLogger
with ThreadPoolExecutor(4) as threads:
    for _ in range(25):
        for letter in "abcd":
            threads.submit(LineLogger("x").info, letter * 6000)
"""


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["as a rule", "PYTHONUNBUFFERED"])
def test_long_lines_of_several_threads_stay_whole_in_a_full_pipe(unbuffered: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _FOUR_THREADS],
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        text=True,
    ) as process:
        assert process.stderr
        lines = process.stderr.read().splitlines()
    assert Counter(lines) == dict.fromkeys([letter * 6000 for letter in "abcd"], 25)


def test_lines_that_are_told_together_go_out_in_one_write(written: list[str]) -> None:
    with in_one_write():
        LineLogger("x").info("one")
        LineLogger("y").warning("two")
        assert written == []
    LineLogger("x").info("three")
    assert written == ["one\ntwo\n", "three\n"]


@pytest.mark.parametrize(
    ("letter", "lengths", "writes"),
    [
        ("x", [4000, 94], 1),
        ("x", [4000, 95], 2),
        ("x", [5000], 1),
        ("x", [10, 5000, 10], 3),
        ("x", [400] * 30, 3),
        ("ü", [2000, 47], 1),
        ("ü", [2000, 48], 2),
        ("x", [], 0),
    ],
)
def test_no_write_is_longer_than_what_a_pipe_takes_whole_but_for_a_long_line(
    letter: str, lengths: list[int], writes: int, written: list[str]
) -> None:
    lines = [letter * length for length in lengths]
    with in_one_write():
        for line in lines:
            LineLogger("x").info(line)
    assert "".join(written).splitlines() == lines
    assert len(written) == writes
    assert all(len(text.encode()) <= 4096 or text.count("\n") == 1 for text in written)


def test_lines_are_not_lost_where_something_fails_meanwhile(written: list[str]) -> None:
    def fail() -> None:
        LineLogger("x").info("one")
        raise RuntimeError

    with pytest.raises(RuntimeError), in_one_write():
        fail()
    assert written == ["one\n"]


def _answered(request_id: str, status: int, then: Callable[[], None] | None = None, **facts: Any) -> Ended:
    line = AccessLine.begin(request_id)
    describe(**facts)
    if then:
        afterwards(then)
    return Ended(line, "POST", status)


def test_requests_are_counted_though_their_lines_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    counted: list[int] = []
    monkeypatch.setattr("shared.log_stream.sys", SimpleNamespace(stderr=Full()))
    with logging_as_before():
        configure_logging("INFO")
        with pytest.raises(OSError, match="No space"):
            end_together(
                [_answered("request-1", 200), _answered("request-2", 200)],
                "/x",
                lambda _, __, ___, seconds: counted.append(len(seconds)),
            )
    assert counted == [2]


def test_requests_that_end_together_have_a_line_each_and_are_counted_by_what_they_share(
    written: list[str],
) -> None:
    counted: list[tuple[str, str, int, int]] = []
    told_before: list[int] = []

    def observe(method: str, route: str, status: int, seconds: Sequence[float]) -> None:
        assert all(0 <= each < 60 for each in seconds)
        counted.append((method, route, status, len(seconds)))

    with logging_as_before():
        configure_logging("INFO")
        end_together(
            [
                _answered("request-1", 200, a=1),
                _answered("request-2", 400, lambda: told_before.append(len(written))),
                _answered("request-3", 200),
            ],
            "/x",
            observe,
        )
    lines = [json.loads(line) for line in "".join(written).splitlines()]
    assert [(line["requestId"], line["status"], line.get("a")) for line in lines] == [
        ("request-1", 200, 1),
        ("request-2", 400, None),
        ("request-3", 200, None),
    ]
    assert {line["logger"] for line in lines} == {"access"}
    assert counted == [("POST", "/x", 200, 2), ("POST", "/x", 400, 1)]
    assert (len(written), told_before) == (1, [1])
