"""Stands for an account that cannot be connected to, so that each check can say so by itself."""

from typing import Any

from shared.errors import ServiceError


class Absent:
    """Raises the error that there was, whatever it is asked."""

    def __init__(self, error: ServiceError) -> None:
        """Take why there is nothing."""
        self._error = error

    def __getattr__(self, name: str) -> Any:
        """Raise."""
        raise self._error
