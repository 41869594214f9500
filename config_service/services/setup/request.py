"""What an operator asks of the set-up, checked before AWS hears of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from config_service.errors import InvalidError
from config_service.services.setup.names import DEFAULT_SETS, LONGEST_QUEUE, LONGEST_SET, LONGEST_TOPIC

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_ENDPOINT = re.compile(r"https?://[^\s/?#@]+(/[^\s#]*)?")


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """Names that are None are chosen by the set-up; `identities` None are those of the sender's address."""

    endpoint: str | None = None
    region: str | None = None
    clinic_id: str | None = None
    shared_topic: bool = False
    topic: str | None = None
    dead_letter_queue: str | None = None
    configuration_sets: tuple[str, ...] = DEFAULT_SETS
    identities: tuple[str, ...] | None = None
    replace: bool = False
    actor: str = "setup"

    def check(self, *, allow_http: bool) -> None:
        """Raise InvalidError, with what is wrong by option; only a local stack may have `http` endpoints."""
        faults = dict(self._faults(allow_http))
        if faults:
            message = "; ".join(f"--{option}: {fault}" for option, fault in faults.items())
            errors = {option: [fault] for option, fault in faults.items()}
            raise InvalidError(message + ".", hint="Correct the options and run again.", errors=errors)

    def _faults(self, allow_http: bool) -> Iterator[tuple[str, str]]:
        names = [("topic", self.topic, LONGEST_TOPIC)]
        names += [("dead-letter-queue", self.dead_letter_queue, LONGEST_QUEUE)]
        names += [("configuration-set", name, LONGEST_SET) for name in self.configuration_sets]
        for option, name, longest in names:
            if name is not None and not (_NAME.fullmatch(name) and len(name) <= longest):
                yield option, f"{name!r} is not 1 to {longest} letters, digits, hyphens and underscores"
        if self.shared_topic and not self.clinic_id:
            yield "shared-topic", "goes with --clinic: without one the topic is the shared one anyway"
        if self.endpoint is not None and not _ENDPOINT.fullmatch(self.endpoint):
            example = "https://your-domain/api/v1/webhooks/ses"
            yield "endpoint", f"{self.endpoint!r} is no URL such as {example}"
        elif self.endpoint is not None and self.endpoint.startswith("http:") and not allow_http:
            yield "endpoint", "must be https: what SNS delivers names patients"
