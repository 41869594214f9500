"""Lends the attacks the fixtures of the services' own tests."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

TESTS = Path(__file__).parents[1]


def conftest_of(directory: str) -> ModuleType:
    """Return the conftest of a directory of tests, whose kits may be imported from then on."""
    path = TESTS / directory / "conftest.py"
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    name = f"borrowed_{directory.replace('/', '_')}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def fixtures_of(directory: str) -> dict[str, Any]:
    """Return the fixtures that this conftest defines, by name."""
    found = vars(conftest_of(directory)).items()
    return {name: value for name, value in found if "Fixture" in type(value).__name__}
