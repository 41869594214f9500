"""The documentation, held against the code: nothing without its line, and examples that run."""

import ast
import json
import re
from pathlib import Path

import pytest

from config_service.__main__ import COMMANDS
from config_service.metrics import CREDENTIALS_OPENED
from shared.errors import ServiceError, error_body

ROOT = Path(__file__).resolve().parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
ALL_DOCS = "\n".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_SETTING = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_READERS = ("text", "required", "choice", "whole_number", "items", "parsed", "refuse_in_production", "keys")


def _settings_read() -> set[str]:
    found = set()
    for path in [*ROOT.glob("*_service/settings.py"), ROOT / "shared" / "settings.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in _READERS
            ):
                found |= {
                    a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)
                }
    return {name for name in found if _SETTING.fullmatch(name)}


def _metric_names() -> set[str]:
    names = set()
    for path in ROOT.glob("*/metrics.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
                "Counter",
                "Histogram",
                "GaugeMetricFamily",
            }:
                names |= {a.value for a in node.args[:1] if isinstance(a, ast.Constant)}
    return names


def test_every_setting_has_its_line_and_stands_in_the_example() -> None:
    settings = _settings_read()
    assert {"DATABASE_URL", "SNS_DEV_ORIGIN", "LOG_LEVEL"} <= settings
    example = (ROOT / ".env.example").read_text()
    assert not {name for name in settings if f"`{name}`" not in OPERATIONS}
    assert not {name for name in settings if f"{name}=" not in example}


def test_compose_passes_every_setting_of_the_example() -> None:
    example = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    passed = re.findall(
        r"^ +([A-Z][A-Z0-9_]+):(?: |$)", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE
    )
    assert {"APP_ENV", "SWEEP_SECONDS", "POSTGRES_PASSWORD"} <= set(example)
    assert not set(example) - set(passed)


def test_every_metric_has_its_line() -> None:
    names = _metric_names()
    assert "held_events" in names
    assert CREDENTIALS_OPENED._name + "_total" in names
    assert not {name for name in names if f"`{name}`" not in OPERATIONS}


def test_every_command_has_its_line() -> None:
    assert "migrate" in COMMANDS
    assert not {name for name in COMMANDS if f"python -m config_service {name}" not in ALL_DOCS}


def test_every_refusal_of_ses_is_explained() -> None:
    codes = set(re.findall(r'"(ses_[a-z_]+)"', (ROOT / "config_service/providers/ses_rules.py").read_text()))
    explained = {"ses_identity_not_verified", "ses_account_in_sandbox", "ses_sending_quota_exceeded"}
    assert explained <= codes
    assert not {code for code in explained if f"`{code}`" not in ALL_DOCS}


@pytest.mark.parametrize(
    "document", sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]), ids=lambda p: p.name
)
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!http)([^)#]+)", document.read_text())
    assert not [target for target in targets if not (document.parent / target).exists()]


def test_the_readme_names_the_commands_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"make (demo|test|run)\b", (ROOT / "README.md").read_text()))
    assert named == {"demo", "test", "run"}
    assert all(f"\n{name}:" in makefile for name in named)


def test_the_readme_shows_the_error_shape_as_it_is() -> None:
    shown = re.search(r'\{"success": false.*\}', (ROOT / "README.md").read_text())
    assert shown is not None
    assert json.loads(shown[0]).keys() == error_body(ServiceError("x")).keys()


def test_the_readme_names_every_port_of_the_local_stack() -> None:
    ports = re.findall(r"_port: int = (\d+)", (ROOT / "scripts" / "stack.py").read_text())
    assert len(ports) == 4
    assert not [port for port in ports if port not in (ROOT / "README.md").read_text()]
