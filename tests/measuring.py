"""When coverage is measured: to trace Python takes as long again as to run it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import walk_packages

import coverage

SOURCES = ("config_service", "webhook_service", "shared", "local_aws")


@contextmanager
def pause() -> Iterator[None]:
    """Measure nothing meanwhile."""
    stopped = _stop()
    try:
        yield
    finally:
        for measured in reversed(stopped):
            measured.start()


def import_sources() -> None:
    """Import all that is measured, so that collecting the tests need not be measured for its sake."""
    for package in map(import_module, SOURCES):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)


def _stop() -> list[coverage.Coverage]:
    """Stop every measurement: one that stops hands over to the one that began before it."""
    stopped = []
    while measured := coverage.Coverage.current():
        measured.stop()
        stopped.append(measured)
    return stopped


if "PYTEST_XDIST_WORKER" in os.environ:
    _stop()  # pytest-cov measures anew in each worker once it has begun, and drops what it began before
