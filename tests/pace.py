"""What makes the whole run quick, and changes nothing of what it tests."""

import gc
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import measuring
import pytest
import traced
from werkzeug.routing.rules import Rule

_LONG = {"end_to_end", "test_local_aws_breakages.py"}
_compile = Rule._compile_builder
_compiled: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[object]:
    """Pause coverage where a test passes the lines of other tests again: tracing doubles its time."""
    with nullcontext() if traced.is_traced(item) else measuring.pause():
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[object]:
    """Collect unmeasured; what is measured has been imported before."""
    with measuring.pause():
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that no process is left with one of them at the end.

    What is traced comes last, and together: to switch coverage costs as well.
    """
    items.sort(key=lambda item: (not _is_long(item), traced.is_traced(item)))


def _is_long(item: pytest.Item) -> bool:
    return bool(_LONG.intersection(item.path.parts))


def pytest_collection_finish() -> None:
    """Spare the collector of cycles what lives as long as the run."""
    gc.collect()
    gc.freeze()


def pytest_configure() -> None:
    """Let all applications of the run share their compiled routes, half of what building one takes."""
    Rule._compile_builder = _compile_once  # type: ignore[method-assign]


def _compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    key = (tuple(rule._trace), tuple((rule.defaults or {}).items()), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]
