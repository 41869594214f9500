"""The arrows between packages, and the size of rooms, held against the code."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import traced

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("shared", "config_service", "webhook_service", "local_aws")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@cache
def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


# Where, what must not be imported there, and in which files it may be all the same.
ARROWS = [
    (
        "shared",
        ("config_service", "webhook_service", "local_aws", "peewee", "playhouse", "boto3", "botocore"),
        (),
    ),
    ("shared", ("flask",), ("errors.py", "logging.py")),
    ("shared", ("werkzeug",), ("errors.py", "json_endpoint.py")),
    ("webhook_service", ("config_service", "local_aws", "peewee", "playhouse", "boto3", "botocore"), ()),
    ("webhook_service", ("requests", "urllib3"), ("timed_visits.py",)),
    ("webhook_service", ("flask",), ("app.py", "views.py")),
    ("config_service", ("webhook_service", "local_aws"), ()),
    ("config_service", ("peewee", "playhouse", "psycopg", "sqlite3"), ("storage/*", "storage/*/*")),
    ("config_service", ("boto3", "botocore", "smtplib"), ("providers/*", "providers/*/*")),
    ("config_service", ("flask", "flask_smorest", "werkzeug"), ("api/*", "app.py")),
    (
        "config_service/services",
        ("config_service.api", "config_service.app", "config_service.storage.models"),
        (),
    ),
    (
        "config_service/services",
        ("config_service.storage.event_models", "config_service.storage.connections"),
        (),
    ),
    (
        "config_service/storage",
        ("config_service.api", "config_service.services", "config_service.providers"),
        (),
    ),
    (
        "config_service/providers",
        ("config_service.api", "config_service.services", "config_service.storage"),
        (),
    ),
    ("local_aws", ("shared", "config_service", "webhook_service"), ()),
]


def _offences(where: str, forbidden: tuple[str, ...], excepted: tuple[str, ...]) -> Iterator[str]:
    for path in sorted((ROOT / where).rglob("*.py")):
        if any(path.relative_to(ROOT / where).match(pattern) for pattern in excepted):
            continue
        for name in _imports(path):
            if any(_within(name, package) for package in forbidden):
                yield f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize(("where", "forbidden", "excepted"), ARROWS)
def test_no_import_goes_against_the_arrows(
    where: str, forbidden: tuple[str, ...], excepted: tuple[str, ...]
) -> None:
    assert list((ROOT / where).rglob("*.py"))
    assert not list(_offences(where, forbidden, excepted))


def test_no_module_has_outgrown_its_name() -> None:
    assert len(MODULES) > 100
    assert [path for path in MODULES if path.read_text().count("\n") > 200] == []
    assert [path for path in MODULES if path.stem in {"utils", "helpers", "manager", "misc", "common"}] == []


def test_only_the_composition_root_builds_adapters() -> None:
    builders = (
        "config_service.storage.repositories.repositories",
        "config_service.providers.connected_accounts",
    )
    users = [
        path
        for path in (ROOT / "config_service").rglob("*.py")
        if any(name in builders for name in _imports(path))
    ]
    assert [path.name for path in users] == ["app.py"]


def test_every_name_in_the_list_of_what_is_traced_is_still_there() -> None:
    paths = list((ROOT / "tests").rglob("*"))
    texts = "".join(path.read_text() for path in paths if path.suffix == ".py")
    tests = set(re.findall(r"^ *def (test_\w+)", texts, re.MULTILINE))

    assert traced.NAMES - tests - {path.name for path in paths} == set()
