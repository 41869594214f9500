"""`python -m local_aws` as a process: the ready line, the end of its child, and start errors."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from local_aws_live import MINISTACK, eventually, free_port

from local_aws import __main__ as program
from local_aws.errors import StartError
from local_aws.ministack import Ministack
from local_aws.options import Options, parse_options
from local_aws.server import LocalAws

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def ports() -> list[str]:
    return ["--port", str(free_port()), "--ministack-port", str(free_port())]


@pytest.fixture
def process(ports: list[str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "local_aws", "--ministack", str(MINISTACK), *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


def child_of(process: subprocess.Popen[str]) -> psutil.Process:
    return psutil.Process(process.pid).children()[0]


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_it_says_when_it_is_ready_and_takes_its_child_along(
    process: subprocess.Popen[str], ports: list[str], number: signal.Signals
) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == f"local AWS ready at http://127.0.0.1:{ports[1]}\n"
    assert requests.get(f"http://127.0.0.1:{ports[1]}/_local/healthz", timeout=5).ok
    child = child_of(process)
    os.kill(process.pid, number)
    rest, complaints = process.communicate(timeout=10)
    assert process.returncode == (-number if number == signal.SIGKILL else 0)
    assert (rest, complaints) == ("", "")
    assert eventually(lambda: is_gone(child))


def test_a_missing_ministack_is_one_line_that_says_what_to_do(
    ports: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert program.main([*ports, "--ministack", "nowhere/ministack"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert (
        err
        == "local AWS: ministack not found at nowhere/ministack: run `make setup`, or pass --ministack PATH\n"
    )


@pytest.mark.parametrize("option", ["--port", "--ministack-port"])
def test_a_port_in_use_is_one_line_that_says_what_to_do(
    option: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = "--port" if option == "--ministack-port" else "--ministack-port"
        wanted = [option, str(port), other, str(free_port()), "--ministack", str(MINISTACK)]
        assert program.main(wanted) == 1
    err = capsys.readouterr().err
    assert f"cannot listen on 127.0.0.1:{port}" in err
    assert f"pass {option} PORT" in err
    assert err.count("\n") == 1


def test_ctrl_c_is_no_error(
    ports: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: LocalAws) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(LocalAws, "serve", interrupted)
    assert program.main([*ports, "--ministack", str(MINISTACK), "--verbose"]) == 0
    assert capsys.readouterr().out.startswith("local AWS ready at http://127.0.0.1:")


def test_a_ministack_that_ends_at_once_is_a_start_error() -> None:
    with pytest.raises(StartError, match="did not answer"):
        Ministack(Path("/bin/true"), free_port()).start()


def test_a_ministack_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_aws.ministack._START_SECONDS", 0.5)
    monkeypatch.setattr("local_aws.ministack._STOP_SECONDS", 0.1)
    stubborn = tmp_path / "stubborn"
    stubborn.write_text("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.05; done\n")
    stubborn.chmod(0o755)
    ministack = Ministack(stubborn, free_port())
    with pytest.raises(StartError, match="did not answer"):
        ministack.start()
    assert ministack.pid is None


def test_options_come_from_the_command_line_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_options([]) == Options()
    monkeypatch.setenv("LOCAL_AWS_RETRY_DELAY", "0.5")
    monkeypatch.setenv("LOCAL_AWS_PORT", "6000")
    options = parse_options(["--port", "7000"])
    assert (options.port, options.retry_delay) == (7000, 0.5)
    assert options.public_url == "http://127.0.0.1:7000"


def test_a_container_is_reached_by_its_name_and_reaches_itself_on_the_loopback_interface() -> None:
    options = Options(host="0.0.0.0", origin="http://local-aws:5055")
    assert options.public_url == "http://local-aws:5055"
    assert options.local_url == "http://127.0.0.1:5055"
