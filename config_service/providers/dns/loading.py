"""Loads libraries at their first use, one thread at a time: they import each other in circles."""

from importlib import import_module
from threading import Lock
from typing import Any

_LOADING = Lock()


def load(module: str) -> Any:
    """Return the module of this name."""
    with _LOADING:
        return import_module(module)
