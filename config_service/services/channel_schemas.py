"""What a channel looks like to who sends it, over the API or in the same process."""

from marshmallow import Schema, ValidationError, fields, validate, validates

from shared.addresses import bare_address


class ProviderEntrySchema(Schema):
    """A provider; its credentials are checked by the provider's own schema."""

    provider = fields.String(
        required=True,
        metadata={"description": "email: aws_ses, smtp; whatsapp: meta, twilio; sms: twilio, aws_sns"},
    )
    enabled = fields.Boolean(load_default=True)
    credentials = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={"description": "What the provider needs. A masked or absent secret keeps the stored one."},
    )
    priority = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, 1000),
        metadata={"description": "Fallbacks are tried in ascending order."},
    )


class ChannelSchema(Schema):
    """A channel: the provider to use first, and those to fall back to."""

    primary = fields.Nested(ProviderEntrySchema, load_default=None, allow_none=True)
    fallback = fields.List(
        fields.Nested(ProviderEntrySchema),
        load_default=list,
        allow_none=True,
        validate=validate.Length(max=10),
    )


class EmailChannelSchema(ChannelSchema):
    """The email channel, with the sender where a provider names none."""

    defaultFrom = fields.String(
        load_default=None, allow_none=True, metadata={"example": "noreply@clinic.example"}
    )
    defaultFromName = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"[^\r\n]{0,200}\Z", error="Give one line of at most 200 characters."),
    )

    @validates("defaultFrom")
    def _check_default_from(self, value: str | None, data_key: str) -> None:  # noqa: ARG002 - marshmallow passes it
        if value is not None and bare_address(value) != value:
            raise ValidationError(
                "Give an email address alone, such as noreply@clinic.example; its name is defaultFromName."
            )
