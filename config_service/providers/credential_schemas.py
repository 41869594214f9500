"""What the email providers accept as credentials, field by field, spelt as the API spells it."""

import ipaddress
import re
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from config_service.providers.credential_fields import (
    CredentialsSchema,
    Whole,
    address,
    one_line,
    secret,
    text,
)
from config_service.providers.regions import SES, region_fault
from shared.sns import TOPIC_ARN, region_of

_HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_-]{1,63})*\.?")


def aws_region(service: str) -> fields.String:
    """Return the field for the region in which `service` (botocore's name) is used."""

    def check(value: str) -> None:
        if fault := region_fault(value, service):
            raise ValidationError(fault)

    return text(check, description="The AWS region.", example="us-east-1", required=True)


def _topic(value: str) -> None:
    if not TOPIC_ARN.fullmatch(value):
        example = "arn:aws:sns:us-east-1:123456789012:ses-events"
        raise ValidationError(f"{value!r} is no topic's ARN, such as {example}.")
    if value.endswith(".fifo"):
        raise ValidationError("SES publishes to standard topics only, not to FIFO ones.")


def _host(value: str) -> None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        if not _HOST_NAME.fullmatch(value):
            fault = (
                f"{value!r} is no host name, such as smtp.clinic.example; give neither scheme nor port here."
            )
            raise ValidationError(fault) from None


class AwsCredentials(CredentialsSchema):
    """A key or a role at AWS."""

    accessKeyId = secret(
        shape="(?!ASIA)[A-Z0-9]{16,128}",
        example="AKIAIOSFODNN7EXAMPLE",
        description="The access key's id.",
        fault="Give a long-lived key's id, such as AKIAIOSFODNN7EXAMPLE; temporary ones (ASIA...) expire.",
    )
    secretAccessKey = secret(shape=r"\S{1,1024}", description="The access key's secret.")
    roleArn = text(
        Whole(
            r"arn:aws(-[a-z-]+)?:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}",
            "This is no role's ARN, such as arn:aws:iam::123456789012:role/clinic-email.",
        ),
        example="arn:aws:iam::123456789012:role/clinic-email",
        description="A role to assume in place of keys; its trust policy asks for our externalId.",
    )

    @validates_schema
    def _one_source(self, data: dict[str, Any], **_: Any) -> None:
        keys = [name for name in ("accessKeyId", "secretAccessKey") if name in data]
        if keys and "roleArn" in data:
            fault = "Give either accessKeyId and secretAccessKey or roleArn, not both; leave the other out."
            raise ValidationError({name: [fault] for name in (*keys, "roleArn")})


class AwsSesCredentials(AwsCredentials):
    """An account at Amazon SES: with a key, a role, or neither (the platform's account sends)."""

    region = aws_region(SES)
    fromEmail = address(description="The address mail comes from.", required=True, name_field="fromName")
    fromName = one_line(example="Harbour Clinic", description="The name shown beside fromEmail.")
    replyTo = address(description="Where answers go, if not to fromEmail.")
    configurationSetName = text(
        Whole("[A-Za-z0-9_-]{1,64}", "Give 1 to 64 letters, digits, hyphens or underscores."),
        example="transactional",
        description="The SES configuration set to send with.",
    )
    snsTopicArn = text(
        _topic,
        description="The SNS topic to which SES reports on this clinic's mail only.",
        example="arn:aws:sns:us-east-1:123456789012:ses-events-clinic-1",
    )

    @validates_schema
    def _topic_in_region(self, data: dict[str, Any], **_: Any) -> None:
        topic, region = data.get("snsTopicArn"), data["region"]
        if topic and region_of(topic) != region:
            fault = f"The topic is in {region_of(topic)}; SES in {region} publishes only to topics there."
            raise ValidationError(fault, "snsTopicArn")


class SmtpCredentials(CredentialsSchema):
    """A mail server."""

    host = text(
        _host, description="The mail server's name or address.", example="smtp.clinic.example", required=True
    )
    port = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=587,
        error_messages={"invalid": "Give the port as a whole number."},
        validate=validate.Range(1, 65535, error="Give a port from 1 to 65535."),
        metadata={"description": "The mail server's port.", "example": 587},
    )
    username = one_line(example="mailer", description="Whom to log in as; leave it out for no log-in.")
    password = secret(description="The password for username.")
    encryption = fields.String(
        allow_none=True,
        load_default="starttls",
        validate=validate.OneOf(["starttls", "tls", "none"], error="Give one of: {choices}."),
        metadata={"description": "starttls, tls (from the first byte on) or none.", "example": "starttls"},
    )
    fromEmail = address(description="The address mail comes from.", required=True, name_field="fromName")
    fromName = one_line(example="Harbour Clinic", description="The name shown beside fromEmail.")
    replyTo = address(description="Where answers go, if not to fromEmail.")
