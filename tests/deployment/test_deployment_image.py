"""The image, as its Dockerfile says it is made; no engine builds it here."""

import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
LOCKED = dict(
    re.findall(
        r"^([\w.-]+)(?:\[.*?\])?==(\S+)", (ROOT / "requirements/runtime.txt").read_text(), re.MULTILINE
    )
)
HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")


def _stages() -> dict[str, list[str]]:
    """Return the instructions of each stage by its name, long ones on one line; the last stage has none."""
    stages: dict[str, list[str]] = {}
    lines = re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines()
    for line in (line for line in lines if line and not line.startswith("#")):
        if line.startswith("FROM"):
            _, image, *name = line.split()
            stages[name[-1] if name else ""] = [f"FROM {image}"]
        else:
            stages[list(stages)[-1]].append(line)
    return stages


def _user(stage: str) -> str:
    own = [line.split()[1] for line in _stages()[stage] if line.startswith("USER ")]
    return own[-1] if own else _user(_stages()[stage][0].removeprefix("FROM "))


@pytest.mark.parametrize("stage", ["", "services", "local-aws"])
def test_what_runs_is_no_root_and_is_known_by_number(stage: str) -> None:
    assert int(_user(stage)) >= 10_000


def test_a_plain_build_makes_the_services() -> None:
    assert list(_stages())[-1] == ""
    assert _stages()[""] == ["FROM services"]


def test_nothing_that_installs_or_builds_is_left_in_what_runs() -> None:
    built, runs = _stages()["build"], _stages()["services"]
    assert runs[0] == "FROM python:3.13-slim-bookworm"
    assert not re.search(r"apt-get|\bgcc\b|build-essential|pip install", " ".join(runs))
    assert any("pip uninstall --yes" in line and "rm -rf" in line and "ensurepip" in line for line in runs)
    assert any("/opt/venv/bin/pip uninstall --yes pip" in line for line in built)
    assert "pip install" not in " ".join(_stages()["local-aws"])


def test_packages_come_with_their_hashes_as_built_by_their_authors() -> None:
    (install,) = [line for line in _stages()["build"] if "pip install" in line]
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install


@pytest.mark.parametrize("lock", ["dev", "runtime"])
def test_what_is_asked_for_with_an_extra_is_locked_with_it(lock: str) -> None:
    """Else pip takes a newer release than the locked one into account, and refuses it for want of a hash."""
    pinned = re.findall(r"^(\S+)==", (ROOT / f"requirements/{lock}.txt").read_text(), re.MULTILINE)
    bare = {name.partition("[")[0] for name in pinned}
    wanted = {
        found[0]
        for distribution in metadata.distributions()
        if distribution.metadata["Name"].lower() in bare
        for requirement in distribution.requires or ()
        if "extra ==" not in requirement and (found := re.match(r"[\w.-]+\[.*?\]", requirement))
    }
    assert wanted
    assert wanted <= set(pinned)


def test_only_what_the_services_need_is_copied() -> None:
    copied = [line.split()[1:] for line in _stages()["services"] if line.startswith("COPY")]
    assert [parts[0] for parts in copied] == [
        "--from=build", "requirements/sbom.json", "shared", "config_service", "webhook_service",
    ]  # fmt: skip
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    assert not {"!.env", "!.git", "!var", "!tests"} & set(ignored)


def test_the_bill_of_materials_names_what_is_locked() -> None:
    bill = json.loads((ROOT / "requirements/sbom.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    listed = {component["name"]: component["version"] for component in bill["components"]}
    assert listed == LOCKED, "run make sbom"
    assert all(component["purl"].startswith("pkg:pypi/") for component in bill["components"])


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed")
def test_the_linter_has_no_complaint() -> None:
    linted = subprocess.run(
        [str(HADOLINT), str(ROOT / "Dockerfile")], check=False, capture_output=True, text=True
    )
    assert (linted.returncode, linted.stdout) == (0, "")
