"""What the doctor learns from AWS. Times are milliseconds since 1970 in UTC."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credentials they are."""

    account: str
    arn: str

    @property
    def is_user(self) -> bool:
        """Whether they are a user's long-lived key: a role's are new every hour."""
        return ":user/" in self.arn or self.arn.endswith(":root")


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key that IAM lists for the caller."""

    id: str
    created_at: int
    active: bool


@dataclass(frozen=True, slots=True)
class SendingAccount:
    """The account in SES, as far as it decides whether mail goes out; a quota below 0 knows no bounds."""

    production: bool
    sending_enabled: bool
    enforcement: str  # AWS's word: HEALTHY, PROBATION, SHUTDOWN
    most_per_day: float
    sent_last_day: float
    most_per_second: float
    suppressed_reasons: frozenset[str]


@dataclass(frozen=True, slots=True)
class SendPoint:
    """What became of the mail of one quarter of an hour, beginning at `at`."""

    at: int
    attempts: int
    bounces: int
    complaints: int
