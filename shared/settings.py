"""Read settings from the environment once, and stop the start with one line that names a bad one."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dotenv import load_dotenv

from shared.errors import SettingsError
from shared.sns import TOPIC_ARN, region_of

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CommonSettings:
    """What both services read: the kind of environment, the log level and the shared topics."""

    production: bool
    log_level: str
    shared_topic_arns: tuple[str, ...]


def environment(env_file: Path | None = None) -> dict[str, str]:
    """Return the process's environment; what `env_file` (a `.env`) adds is there for boto3 as well."""
    if env_file is not None and os.environ.get("APP_ENV") != "production":
        load_dotenv(env_file, override=False)
    return dict(os.environ)


class SettingsReader:
    """Read typed values out of a mapping of variables; every failure is a SettingsError that names one."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Take the variables; an empty value counts as none, as docker-compose passes unset ones."""
        self._variables = {name: value.strip() for name, value in variables.items() if value.strip()}
        self.production = self.choice("APP_ENV", ("development", "production"), "development") == "production"

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return the variable's text, or `default`."""
        return self._variables.get(name, default)

    def required(self, name: str, why: str) -> str:
        """Return the variable's text, or stop with `why` it is needed."""
        value = self.text(name)
        if value is None:
            raise SettingsError(f"{name} is not set: {why}")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return the variable's text, which must be one of `choices`."""
        value = self.text(name) or default
        if value not in choices:
            raise SettingsError(f"{name} is {value!r}: it must be one of {', '.join(choices)}")
        return value

    def whole_number(self, name: str, default: int, least: int = 1) -> int:
        """Return the variable's value as an integer of at least `least`."""
        value = self.text(name, str(default)) or ""
        if not value.isdecimal() or int(value) < least:
            raise SettingsError(f"{name} is {value!r}: it must be a whole number of at least {least}")
        return int(value)

    def items(self, name: str) -> tuple[str, ...]:
        """Return the variable's comma-separated items."""
        return tuple(item.strip() for item in (self.text(name) or "").split(",") if item.strip())

    def names(self, prefix: str) -> tuple[str, ...]:
        """Return the names of the variables that begin with `prefix`."""
        return tuple(sorted(name for name in self._variables if name.startswith(prefix)))

    def parsed(self, name: str, value: str, parse: Callable[[str], T]) -> T:
        """Return `parse(value)`; its ValueError becomes the line that names the variable, never the value."""
        try:
            return parse(value)
        except ValueError as error:
            raise SettingsError(f"{name} is not usable: {error}") from None

    def refuse_in_production(self, name: str, why: str) -> str | None:
        """Return the variable's text in development; in production its presence stops the start."""
        value = self.text(name)
        if value is not None and self.production:
            raise SettingsError(f"{name} must not be set in production: {why}")
        return value

    def common(self) -> CommonSettings:
        """Return the settings that both services share."""
        topics = tuple(
            self.parsed("AWS_SNS_TOPIC_ARN", arn, checked_topic_arn)
            for arn in self.items("AWS_SNS_TOPIC_ARN")
        )
        regions = {region_of(arn) for arn in topics}
        for region in self.items("AWS_SNS_REGION"):
            if regions and region not in regions:
                raise SettingsError(f"AWS_SNS_REGION is {region!r}: no topic of AWS_SNS_TOPIC_ARN is there")
        return CommonSettings(
            production=self.production,
            log_level=self.choice("LOG_LEVEL", LOG_LEVELS, "INFO"),
            shared_topic_arns=topics,
        )


def checked_topic_arn(arn: str) -> str:
    """Return `arn` where it has the shape of an SNS topic's ARN, else raise ValueError."""
    if not TOPIC_ARN.fullmatch(arn):
        raise ValueError(f"{arn!r} is no topic ARN such as arn:aws:sns:us-east-1:123456789012:ses-events")
    return arn
