"""What makes the whole run quick, and changes nothing of what it tests."""

import gc
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import measuring
import pytest
from werkzeug.routing.rules import Rule

# What these pass, others pass as well; in end_to_end the services run in processes of their own.
_UNMEASURED = {
    "attacks",
    "chaos",
    "deployment",
    "end_to_end",
    "fuzzing",
    "test_addresses.py",
    "test_api_config.py",
    "test_api_erasure.py",
    "test_api_etags.py",
    "test_api_events.py",
    "test_api_isolation.py",
    "test_api_ownership.py",
    "test_api_rotation_under_load.py",
    "test_api_suppression_csv.py",
    "test_api_test_outcomes.py",
    "test_api_tokens.py",
    "test_architecture.py",
    "test_core_batches.py",
    "test_core_concurrency.py",
    "test_core_direct_updates.py",
    "test_core_feedback.py",
    "test_core_long_lists.py",
    "test_core_retention.py",
    "test_docs.py",
    "test_providers_canaries.py",
    "test_providers_ses_refusals.py",
    "test_serving.py",
    "test_sns.py",
    "test_webhook_receiving.py",
    "test_local_aws_aws_setup_policy.py",
    "test_local_aws_breakages.py",
    "test_local_aws_delivery.py",
    "test_local_aws_ses_events.py",
}
# What these pass, no other does: what is PostgreSQL's own, and what only both services together answer.
_MEASURED = {
    "test_core_storage.py",
    "test_core_migrations.py",
    "test_end_to_end_probe.py",
}
_LONG = {"end_to_end", "test_local_aws_breakages.py"}
_compile = Rule._compile_builder
_compiled: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[object]:
    """Pause coverage where a test passes the lines of other tests again: tracing doubles its time."""
    with measuring.pause() if _is_unmeasured(item) else nullcontext():
        return (yield)


def _is_unmeasured(item: pytest.Item) -> bool:
    parameters = getattr(item, "callspec", None)
    on_postgres = parameters is not None and "postgresql" in parameters.params.values()
    by_examples = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    if item.path.name in _MEASURED:
        return False
    return on_postgres or by_examples or bool(_UNMEASURED.intersection(item.path.parts))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[object]:
    """Collect unmeasured; what is measured has been imported before."""
    with measuring.pause():
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that no process is left with one of them at the end.

    What is measured comes last, and together: to switch coverage costs as well.
    """
    items.sort(key=lambda item: (not _is_long(item), not _is_unmeasured(item)))


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
