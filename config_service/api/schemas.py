"""Bodies of the communication configuration and of test emails. Field names are the API's own."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from config_service.services.channel_schemas import ChannelSchema, EmailChannelSchema

REGION = "us-east-1"
SES_EXAMPLE = {
    "region": REGION,
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "fromEmail": "noreply@clinic-domain.com",
    "fromName": "My Clinic",
    "enabled": True,
}
CONFIG_EXAMPLE = {
    "email": {
        "primary": {
            "provider": "aws_ses",
            "enabled": True,
            "credentials": {name: value for name, value in SES_EXAMPLE.items() if name != "enabled"},
            "priority": 1,
        },
        "fallback": [],
        "defaultFrom": "noreply@clinic-domain.com",
        "defaultFromName": "My Clinic",
    }
}


def _refuse_external_id(_: Any) -> None:
    raise ValidationError("externalId is given by us and cannot be chosen; GET shows it.")


class ErrorSchema(Schema):
    """The one shape of every error."""

    success = fields.Boolean(metadata={"example": False})
    code = fields.String(metadata={"example": "invalid_request"})
    message = fields.String(metadata={"description": "What happened"})
    hint = fields.String(metadata={"description": "What to do about it"})
    errors = fields.Dict(metadata={"description": "By field, what is wrong with it"})
    requestId = fields.String(metadata={"description": "Finds the request in the logs of both services"})


class ConfigUpdateSchema(Schema):
    """The channels to replace; one that is left out stays, null empties it."""

    email = fields.Nested(EmailChannelSchema, allow_none=True)
    whatsapp = fields.Nested(ChannelSchema, allow_none=True)
    sms = fields.Nested(ChannelSchema, allow_none=True)
    externalId = fields.Raw(
        validate=_refuse_external_id, metadata={"description": "Refused: it is given by us and shown by GET"}
    )


class SesSetupSchema(Schema):
    """Quick SES set-up; the credentials' own schema checks each of them, null as absent or as missing."""

    enabled = fields.Boolean(load_default=True, error_messages={"invalid": "Give true or false."})
    region = fields.Raw(allow_none=True, metadata={"type": "string", "example": REGION})
    accessKeyId = fields.Raw(
        allow_none=True,
        metadata={"type": "string", "description": "With secretAccessKey, or roleArn instead"},
    )
    secretAccessKey = fields.Raw(allow_none=True, metadata={"type": "string"})
    roleArn = fields.Raw(
        allow_none=True,
        metadata={"type": "string", "description": "Assumed with the clinic's externalId, in place of keys"},
    )
    fromEmail = fields.Raw(allow_none=True, metadata={"type": "string", "format": "email"})
    fromName = fields.Raw(allow_none=True, metadata={"type": "string"})
    replyTo = fields.Raw(allow_none=True, metadata={"type": "string", "format": "email"})
    configurationSetName = fields.Raw(allow_none=True, metadata={"type": "string"})
    snsTopicArn = fields.Raw(
        allow_none=True, metadata={"type": "string", "description": "The clinic's own topic"}
    )
    externalId = fields.Raw(
        allow_none=True, metadata={"description": "Refused: it is given by us and shown by GET"}
    )


class WarningSchema(Schema):
    """What a SUPER_ADMIN was let do."""

    code = fields.String()
    message = fields.String()


class SavedSchema(Schema):
    """A saved configuration."""

    success = fields.Boolean(dump_default=True)
    message = fields.String()
    warnings = fields.List(fields.Nested(WarningSchema))


class ShownConfigSchema(Schema):
    """A configuration with its secrets masked."""

    clinicId = fields.String(attribute="clinic_id")
    email = fields.Dict()
    whatsapp = fields.Dict()
    sms = fields.Dict()
    externalId = fields.String(attribute="external_id")
    createdAt = fields.AwareDateTime(attribute="created_at")
    updatedAt = fields.AwareDateTime(attribute="updated_at")


class ConfigSchema(Schema):
    """The answer that carries a configuration."""

    success = fields.Boolean(dump_default=True)
    config = fields.Nested(ShownConfigSchema)
    warnings = fields.List(fields.Nested(WarningSchema))


class TestEmailSchema(Schema):
    """Where to send a test email, and through which provider."""

    __test__ = False

    testEmail = fields.String(required=True, metadata={"example": "your-email@example.com"})
    provider = fields.String(
        validate=validate.Length(1, 64),
        metadata={
            "description": "aws_ses, smtp, or platform for the platform's account; the primary by default"
        },
    )


class SentTestSchema(Schema):
    """A test email that was accepted."""

    success = fields.Boolean(dump_default=True)
    message = fields.String(dump_default="Test email sent")
    messageId = fields.String(attribute="message_id")
    testId = fields.String(attribute="test_id")
    tracking = fields.Boolean(attribute="tracked")


class TestOutcomeSchema(Schema):
    """What became of a test email."""

    __test__ = False

    success = fields.Boolean(dump_default=True)
    testId = fields.String()
    messageId = fields.String(allow_none=True)
    status = fields.String(
        metadata={
            "description": "accepted, delayed, delivered, rejected, bounced, complained; refused, sending"
        }
    )
    reason = fields.String(allow_none=True)
    at = fields.AwareDateTime()
