"""What is asked and what is answered, by whatever way it goes."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `path` is percent-encoded already."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""

    def __str__(self) -> str:
        """Return what a person needs to see of it."""
        where = f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")
        named = {name: value for name, value in self.headers.items() if name != "Authorization"}
        return f"{where[:300]} {named} {self.body[:600]!r} ({len(self.body)} bytes)"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
