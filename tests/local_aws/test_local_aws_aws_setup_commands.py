"""The commands as an operator runs them: the plan, progress, exit codes, and the doors to them."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aws_setup_kit import World

from config_service.__main__ import main
from config_service.providers.aws_setup.account import AwsAccount

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(120)]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def command(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Return what runs a command and returns its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def _rows(table: str) -> list[list[str]]:
    """Return the cells of a printed plan, without what only folds."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in table.splitlines() if "│" in line]


def test_the_plan_is_a_table_and_the_lines_of_env_follow(world: World, command: Any) -> None:
    code, out, _ = command("setup", "--dry-run", "--endpoint", world.endpoint, "--no-identities")
    assert code == 0
    rows = _rows(out)
    assert [row[0] for row in rows if row[0]] == ["create"] * 6
    assert ["SNS topic", world.names.topic] in [row[1:3] for row in rows]
    assert "6 to change." in out
    assert f"AWS_SNS_TOPIC_ARN={world.names.topic_arn}" in out.splitlines()


def test_bash_prints_the_very_plan_of_the_command(world: World, command: Any, tmp_path: Path) -> None:
    arguments = ["--dry-run", "--endpoint", world.endpoint, "--configuration-set", "a", "--no-identities"]
    _, out, _ = command("setup", *arguments)
    script = str(ROOT / "scripts" / "setup-aws-ses-sns.sh")
    ran = subprocess.run([script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert _rows(ran.stdout) == _rows(out)
    assert len(_rows(out)) >= 4


def test_powershell_opens_the_same_door() -> None:
    """Where there is no PowerShell to run it: it hands every argument to the same command, as bash does."""
    doors = {end: (ROOT / f"scripts/setup-aws-ses-sns.{end}").read_text() for end in ("sh", "ps1")}
    called = {end: re.search(r"-m (config_service setup) (\S+)", text) for end, text in doors.items()}
    assert {end: found and found.groups() for end, found in called.items()} == {
        "sh": ("config_service setup", '"$@"'),
        "ps1": ("config_service setup", "@args"),
    }
    assert "exit $LASTEXITCODE" in doors["ps1"]
    assert not re.search(r"^\s*param\s*\(", doors["ps1"], re.MULTILINE)  # it would swallow options


def test_a_run_says_what_it_did_and_a_removal_too(world: World, command: Any) -> None:
    names = ("--configuration-set", world.names.set, "--no-identities")
    code, out, _ = command("setup", "--endpoint", world.endpoint, *names)
    assert code == 0
    assert f"created    SNS topic {world.names.topic}" in out
    assert "Done: 4 changed." in out
    _, out, _ = command("setup", "--endpoint", world.endpoint, *names)
    assert "Done: nothing had to be changed." in out
    _, out, _ = command("setup", "--remove", "--dry-run", *names)
    assert "4 to change." in out
    _, out, _ = command("setup", "--remove", *names)
    assert out.count("removed") == 4
    _, out, _ = command("setup", "--remove", "--dry-run", *names)
    assert "Nothing to change." in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["setup"], "Give --endpoint"),
        (["setup", "--endpoint", "ftp://x"], "is no URL such as https://your-domain"),
        (["setup", "--endpoint", "https://x/y", "--topic", "a b"], "--topic: 'a b' is not 1 to 256"),
        (["setup", "--endpoint", "https://x/y", "--shared-topic"], "goes with --clinic"),
        (["setup", "--endpoint", "https://x/y", "--region", "x y"], "is no region of AWS"),
        (["setup", "--clinic", "nobody", "--endpoint", "https://x/y"], "There is no clinic 'nobody'"),
        (["identity", "show", "never.example"], "identity create never.example"),
        (["identity", "create", "nonsense"], "neither a domain nor an address"),
        (["identity", "create", "a.example", "--mail-from", "mail.b.example"], "is not below a.example"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_what_to_do(
    command: Any, arguments: list[str], said: str
) -> None:
    code, out, err = command(*arguments)
    assert (code, out) == (1, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_ctrl_c_is_no_traceback(world: World, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(AwsAccount, "client", interrupted)
    code, _, err = command("setup", "--endpoint", world.endpoint)
    assert (code, err) == (130, "Stopped. The same command goes on from here.\n")


@pytest.mark.parametrize("mode", [[], ["--dry-run"], ["--remove"]])
def test_the_printed_policy_is_json_and_nothing_else(command: Any, mode: list[str]) -> None:
    code, out, _ = command("setup", "--print-policy", *mode)
    assert code == 0
    actions = {action for each in json.loads(out)["Statement"] for action in each["Action"]}
    assert ("sns:CreateTopic" in actions) == (mode == [])
    assert ("sns:DeleteTopic" in actions) == (mode == ["--remove"])


def test_an_identity_is_made_shown_awaited_and_removed(world: World, command: Any) -> None:
    domain = world.names.domain
    code, out, _ = command("identity", "create")  # the domain of the platform's sender
    assert code == 0
    assert f"created    identity {domain}" in out
    lines = [line for line in out.splitlines() if " IN " in line]
    assert (
        len(
            [
                line
                for line in lines
                if re.fullmatch(
                    rf"\w+\._domainkey\.{domain}\. 3600 IN CNAME \w+\.dkim\.amazonses\.com\.", line
                )
            ]
        )
        == 3
    )
    assert lines[3:] == [
        f"mail.{domain}. 3600 IN MX 10 feedback-smtp.us-east-1.amazonses.com.",
        f'mail.{domain}. 3600 IN TXT "v=spf1 include:amazonses.com ~all"',
        f'{domain}. 3600 IN TXT "v=spf1 include:amazonses.com ~all"',
        f'_dmarc.{domain}. 3600 IN TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}"',
    ]
    _, again, _ = command("identity", "create")
    assert f"unchanged  identity {domain}" in again
    _, zone, _ = command("identity", "show", "--zone")
    assert zone.splitlines() == lines
    world.stack.post("identities", {"identity": domain, "dkim": "PENDING"})
    code, _, err = command("identity", "wait", "--wait", "0")
    assert code == 1
    assert f"AWS has not verified {domain} within 0 s" in err
    world.stack.post("identities", {"identity": domain, "dkim": "SUCCESS"})
    code, out, _ = command("identity", "wait")
    assert (code, out) == (
        0,
        f"{domain} in us-east-1: verified, DKIM SUCCESS, MAIL FROM mail.{domain} SUCCESS\n",
    )
    _, out, _ = command("identity", "remove")
    assert f"removed    identity {domain}" in out
    _, out, _ = command("identity", "remove")
    assert "is not there" in out


def test_an_address_is_verified_by_a_message(world: World, command: Any) -> None:
    address = f"front@{world.names.clinic_domain}"
    world.give_clinic(world.names.clinic, fromEmail=address)
    world.stack.post("identities", {"identity": address, "verified": False})
    code, out, _ = command("identity", "create", address, "--clinic", world.names.clinic)
    assert code == 0
    assert f"AWS has written to {address}" in out
    assert " IN " not in out  # an address needs no records
    code, _, _ = command("identity", "show", address)
    assert code == 1  # it is in the clinic's account, not in the platform's


def test_an_identity_that_was_there_before_is_not_removed(world: World, command: Any) -> None:
    world.aws("sesv2").create_email_identity(EmailIdentity=world.names.domain)
    _, out, _ = command("identity", "remove")
    assert f"left alone identity {world.names.domain}  (was there before)" in out
    _, out, _ = command("identity", "create", "--mail-from", "")
    assert "unchanged" in out
    assert " MX " not in out
