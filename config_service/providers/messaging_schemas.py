"""What the WhatsApp and SMS providers accept as credentials, spelt as the API spells it."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from config_service.providers.credential_fields import CredentialsSchema, Whole, secret, text
from config_service.providers.credential_schemas import AwsCredentials, aws_region
from config_service.providers.regions import SNS


class MetaCredentials(CredentialsSchema):
    """A WhatsApp Business number at Meta."""

    phoneNumberId = text(
        Whole(
            r"[0-9]{5,32}", "Give the id of the phone number: digits only, as Meta's app dashboard shows it."
        ),
        example="106540352242922",
        description="The id of the WhatsApp phone number (not the number itself).",
        required=True,
    )
    accessToken = secret(shape=r"\S{1,1024}", description="The permanent access token.")
    appSecret = secret(shape=r"\S{1,1024}", description="The app's secret, which signs Meta's webhooks.")
    businessAccountId = text(
        Whole(r"[0-9]{5,32}", "Give the id of the WhatsApp Business account: digits only."),
        example="102290129340398",
        description="The id of the WhatsApp Business account.",
    )
    apiVersion = text(
        Whole(r"v[0-9]{1,3}\.[0-9]{1,2}", "Give a version of the Graph API, such as v21.0."),
        example="v21.0",
        description="The version of Meta's Graph API.",
    )


class TwilioCredentials(CredentialsSchema):
    """An account at Twilio, for WhatsApp or SMS."""

    accountSid = text(
        Whole(r"AC[0-9a-fA-F]{32}", "Give the account's SID: AC and 32 hexadecimal digits."),
        example="AC" + 32 * "0",
        description="The account's SID.",
        required=True,
    )
    authToken = secret(shape=r"\S{1,1024}", description="The account's auth token.")
    fromNumber = text(
        Whole(r"\+[1-9][0-9]{6,14}", "Give the number in international form, such as +14155550100."),
        example="+14155550100",
        description="The number that messages come from, in E.164.",
    )
    messagingServiceSid = text(
        Whole(r"MG[0-9a-fA-F]{32}", "Give the messaging service's SID: MG and 32 hexadecimal digits."),
        example="MG" + 32 * "0",
        description="A messaging service, in place of fromNumber.",
    )

    @validates_schema
    def _one_sender(self, data: dict[str, Any], **_: Any) -> None:
        senders = [name for name in ("fromNumber", "messagingServiceSid") if name in data]
        if len(senders) != 1:
            fault = "Give exactly one of fromNumber and messagingServiceSid."
            raise ValidationError({"fromNumber": [fault], "messagingServiceSid": [fault]})


class AwsSnsCredentials(AwsCredentials):
    """An account at Amazon SNS, for SMS."""

    region = aws_region(SNS)
    senderId = text(
        Whole(
            r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}",
            "Give 1 to 11 letters and digits, at least one letter among them.",
        ),
        example="CLINIC",
        description="The sender's name, in the countries that allow one.",
    )
