"""What a channel looks like to who sends it, over the API or in the same process."""

from marshmallow import Schema, fields, validate

from config_service.providers.credential_fields import address_check

MAX_FALLBACKS = 20


class ProviderEntrySchema(Schema):
    """A provider; its credentials are checked by the provider's own schema."""

    provider = fields.String(
        required=True,
        metadata={"description": "email: aws_ses, smtp; whatsapp: meta, twilio; sms: twilio, aws_sns"},
    )
    enabled = fields.Boolean(load_default=True, error_messages={"invalid": "Give true or false."})
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
        validate=validate.Length(max=MAX_FALLBACKS),
    )


class EmailChannelSchema(ChannelSchema):
    """The email channel, with the sender where a provider names none."""

    defaultFrom = fields.String(
        load_default=None,
        allow_none=True,
        validate=address_check("defaultFromName"),
        metadata={"example": "noreply@clinic.example"},
    )
    defaultFromName = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"[^\r\n]{0,200}\Z", error="Give one line of at most 200 characters."),
    )
