"""The list of attacks in the documentation, held against the tests."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = (TESTS.parent / "docs" / "attacks.md").read_text()


def test_every_test_in_the_table_exists() -> None:
    written = "\n".join(path.read_text() for path in TESTS.rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)\(", written))
    named = set(re.findall(r"`(test_\w+)`", TABLE))
    assert len(named) > 50
    assert sorted(named - there) == []


def test_every_file_of_attacks_stands_in_the_table() -> None:
    for path in Path(__file__).parent.rglob("test_attack_*.py"):
        tests = re.findall(r"def (test_\w+)\(", path.read_text())
        assert path == Path(__file__) or any(f"`{test}`" in TABLE for test in tests), path.name
