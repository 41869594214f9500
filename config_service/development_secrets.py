"""Secrets that a developer's machine makes for itself, so that trying the service needs no set-up."""

import os
from collections.abc import Callable
from pathlib import Path


def development_secret(directory: Path, name: str, make: Callable[[], str]) -> str:
    """Return the secret kept in `directory`/`name`, made on first use and readable by its owner alone.

    Two processes that start together agree on one.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / name
    if not path.exists():
        draft = directory / f".{name}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(make())
        try:
            os.link(draft, path)  # fails where another process was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8").strip()
