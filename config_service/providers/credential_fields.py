"""The fields that providers' credentials are made of: what each accepts, and what it says of the rest."""

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, NoReturn

from email_validator import EmailNotValidError, validate_email
from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate

MASKED_SECRET = "********"  # noqa: S105 - it is what stands in a secret's place
MASKED = re.compile(r"\*{8}|.{4}\*{12}.{4}")

_ANY_LINE = r"[^\x00-\x1f\x7f]{1,1024}"
# Short enough to stay within RFC 5322's 998 characters of a line with an address beside it.
_NAME = r"(?=.*\S)[^\x00-\x1f\x7f\x85\u2028\u2029]{1,200}"
_OURS = {"externalId": "externalId is made by this service and cannot be set; GET shows it."}


class CredentialsSchema(Schema):
    """Credentials as the API spells them; null counts as absent, and an unknown field is refused by name."""

    class Meta:
        unknown = RAISE

    @pre_load
    def _drop_nulls(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None or name not in self.fields}

    def handle_error(self, error: ValidationError, data: Any, **_: Any) -> NoReturn:
        """Say of each unknown field what may have been meant."""
        if isinstance(data, dict) and isinstance(error.messages, dict):
            for name in error.messages.keys() & (data.keys() - self.fields.keys()):
                error.messages[name] = [self._about_unknown(str(name))]
        raise error

    def _about_unknown(self, name: str) -> str:
        if name in _OURS:
            return _OURS[name]
        likely = get_close_matches(name, self.fields, n=1)
        advice = f"Did you mean {likely[0]}?" if likely else f"It takes {', '.join(self.fields)}."
        return f"This provider has no field {name}. {advice}"


class Whole(validate.Regexp):
    """Accept a text only where all of it has the shape, which OpenAPI shows as its pattern."""

    def __init__(self, shape: str, error: str) -> None:
        """Take a regular expression without anchors."""
        super().__init__(f"^(?:{shape})$", error=error)

    def __call__(self, value: Any) -> Any:
        """Return `value`, or raise ValidationError; `$` alone would let a line break through."""
        if not self.regex.fullmatch(value):
            raise ValidationError(self._format_error(value))
        return value


def text(
    validator: Any, *, description: str, example: str, required: bool = False, **metadata: Any
) -> fields.String:
    """Return a text field; an optional one takes null for absent."""
    return fields.String(
        required=required,
        allow_none=not required,
        validate=validator,
        error_messages={
            "required": f"This field is required: {description[:1].lower()}{description[1:]}",
            "null": f"This field is required: {description[:1].lower()}{description[1:]}",
            "invalid": "Give a text in quotes.",
        },
        metadata={"description": description, "example": example, **metadata},
    )


def one_line(*, description: str, example: str) -> fields.String:
    """Return a text field for a name that a header or a log-in carries."""
    fault = "Give 1 to 200 characters on one line, without control characters, or leave the field out."
    return text(Whole(_NAME, fault), description=description, example=example)


def secret(
    *,
    description: str,
    shape: str = _ANY_LINE,
    example: str = MASKED_SECRET,
    fault: str = "This cannot be the secret: paste it again, without spaces or line breaks around it.",
) -> fields.String:
    """Return a text field that GET shows masked; the masked form is accepted, for the stored value."""
    description += " GET shows it masked; where it is masked or left out, the stored one is kept."
    return text(Whole(f"{MASKED.pattern}|{shape}", fault), description=description, example=example)


def address_check(name_field: str = "") -> Callable[[str], None]:
    """Return what accepts one bare email address; `name_field` is where a name beside it belongs."""

    def check(value: str) -> None:
        if "<" in value or ">" in value:
            place = f"; put the name into {name_field}" if name_field else ", without a name"
            raise ValidationError(f"Give only the address, such as noreply@clinic.example{place}.")
        if '"' in value:
            raise ValidationError("Give an address without quotes, such as noreply@clinic.example.")
        try:
            validate_email(value, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError as error:
            raise ValidationError(f"{value!r} is no email address: {error}") from None

    return check


def address(*, description: str, required: bool = False, name_field: str = "") -> fields.String:
    """Return a field for one bare email address."""
    check, example = address_check(name_field), "noreply@clinic.example"
    return text(check, description=description, example=example, required=required, format="email")
