"""What docs/security.md and docs/hipaa.md promise is there: tests, settings, and lines of the guide's checklist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECURITY = (ROOT / "docs/security.md").read_text()
HIPAA = (ROOT / "docs/hipaa.md").read_text()


@pytest.mark.parametrize("document", [SECURITY, HIPAA], ids=["security", "hipaa"])
def test_every_test_that_is_named_exists(document: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", document))
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert named
    assert not named - set(re.findall(r"def (test_\w+)\(", sources))


@pytest.mark.parametrize("document", [SECURITY, HIPAA], ids=["security", "hipaa"])
def test_every_chapter_that_is_linked_exists(document: str) -> None:
    own = "security.md" if document is SECURITY else "hipaa.md"
    for file, anchor in re.findall(r"\]\(([\w-]*\.?m?d?)#([\w-]+)\)", document):
        text = (ROOT / "docs" / (file or own)).read_text()
        heads = {
            re.sub(r"[^\w -]", "", head).lower().replace(" ", "-")
            for head in re.findall(r"(?m)^#+ (.*)$", text)
        }
        assert anchor in heads, f"{file}#{anchor}"


def test_every_secret_of_the_settings_has_its_rotation() -> None:
    example = (ROOT / ".env.example").read_text()
    settings = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)
    secret = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|DATABASE_URL|JWKS")
    table = SECURITY.split("## Every key and token")[1].split("\n## ")[0]
    assert {"CREDENTIALS_KEYS", "JWT_SECRET"} <= set(settings)
    assert not [name for name in settings if secret.search(name) and f"`{name}`" not in table]


def test_every_line_of_the_checklist_says_whose_it_is() -> None:
    rows = [line.split(" | ") for line in HIPAA.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[1] != "whose"]
    assert len(rows) > 30
    assert {row[1] for row in rows} == {"code", "operator", "both"}
    for row in rows:
        if row[1] == "code":
            assert re.search(r"`|\]\(", row[2]), row


def test_every_limit_is_told_as_it_is_set() -> None:
    for service, line in (("config_service", "2,048"), ("webhook_service", "1,024")):
        configuration = (ROOT / service / "gunicorn.conf.py").read_text()
        assert f"limit_request_line = {line.replace(',', '')}" in configuration
        assert line in SECURITY
