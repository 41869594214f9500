"""The providers of each channel: what their credentials must look like, and which of them are secret."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError

from config_service.providers.credential_fields import MASKED, MASKED_SECRET
from config_service.providers.credential_schemas import AwsSesCredentials, SmtpCredentials
from config_service.providers.messaging_schemas import AwsSnsCredentials, MetaCredentials, TwilioCredentials

SHOWN_FROM = 16  # characters: AWS's shortest access key id; of a shorter one nothing is shown

FieldErrors = dict[str, list[str]]
Check = Callable[[Mapping[str, Any]], FieldErrors]


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """One provider: its schema, the fields to seal, and those that say whose secret a stored one is.

    A masked or absent secret keeps the stored one only where every field of `identity` stays as stored.
    """

    schema: type[Schema]
    secrets: frozenset[str]
    identity: tuple[str, ...]
    checks: tuple[Check, ...] = ()


def _complete_pair(first: str, second: str) -> Check:
    def check(credentials: Mapping[str, Any]) -> FieldErrors:
        missing = [name for name in (first, second) if not credentials.get(name)]
        if len(missing) != 1:
            return {}
        return {missing[0]: [f"Give {first} and {second} together; nothing is stored that could be kept."]}

    return check


def _needed(name: str) -> Check:
    def check(credentials: Mapping[str, Any]) -> FieldErrors:
        return (
            {} if credentials.get(name) else {name: [f"Give {name}; nothing is stored that could be kept."]}
        )

    return check


def _keys_or_role(credentials: Mapping[str, Any]) -> FieldErrors:
    keys = [name for name in ("accessKeyId", "secretAccessKey") if credentials.get(name)]
    if not keys or not credentials.get("roleArn"):
        return {}
    return {name: ["Give either the access key or roleArn, not both."] for name in (*keys, "roleArn")}


_AWS_KEYS = frozenset({"accessKeyId", "secretAccessKey"})
_AWS_CHECKS = (_complete_pair("accessKeyId", "secretAccessKey"), _keys_or_role)
_AWS_SES = ProviderKind(AwsSesCredentials, _AWS_KEYS, ("accessKeyId",), _AWS_CHECKS)
_AWS_SNS = ProviderKind(AwsSnsCredentials, _AWS_KEYS, ("accessKeyId",), _AWS_CHECKS)
_SMTP = ProviderKind(
    SmtpCredentials,
    frozenset({"password"}),
    ("host", "port", "username"),
    (_complete_pair("username", "password"),),
)
_META = ProviderKind(
    MetaCredentials,
    frozenset({"accessToken", "appSecret"}),
    ("phoneNumberId",),
    (_needed("accessToken"),),
)
_TWILIO = ProviderKind(TwilioCredentials, frozenset({"authToken"}), ("accountSid",), (_needed("authToken"),))

PROVIDERS: Mapping[str, Mapping[str, ProviderKind]] = {
    "email": {"aws_ses": _AWS_SES, "smtp": _SMTP},
    "whatsapp": {"meta": _META, "twilio": _TWILIO},
    "sms": {"twilio": _TWILIO, "aws_sns": _AWS_SNS},
}
_BY_NAME = {name: kind for channel in PROVIDERS.values() for name, kind in channel.items()}


def check_complete(provider: str, credentials: Mapping[str, Any]) -> None:
    """Raise ValidationError, by field, where merged and opened credentials could not be used as they are.

    `provider` is a name in PROVIDERS; a secret that is still masked had nothing stored to stand for.
    """
    kind = _BY_NAME[provider]
    errors: FieldErrors = {
        name: [f"Give {name} anew: this is its masked form, and nothing is stored that it could stand for."]
        for name in sorted(kind.secrets)
        if is_masked(credentials.get(name))
    }
    for check in kind.checks:
        for name, faults in check(credentials).items():
            errors.setdefault(name, faults)
    if errors:
        raise ValidationError(errors)


def mask(provider: str, field: str, value: str) -> str:
    """Return what GET shows of a credential: of an access key id its ends, of another secret nothing.

    A provider that is not in PROVIDERS, as a direct update may bring in, shows nothing at all.
    """
    kind = _BY_NAME.get(provider)
    if kind and field not in kind.secrets:
        return value
    if kind and field == "accessKeyId" and len(value) >= SHOWN_FROM:
        return f"{value[:4]}{12 * '*'}{value[-4:]}"
    return MASKED_SECRET


def is_masked(value: object) -> bool:
    """Whether `value` is a secret's masked form."""
    return isinstance(value, str) and MASKED.fullmatch(value) is not None
