"""Sends through Amazon SES, API version 2. Which account it sends from is its client's affair."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from config_service.providers.base import Email
from config_service.providers.mailboxes import ascii_address, mailbox, one_line
from config_service.providers.ses_failures import translate

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


class SesEmailProvider:
    """One SES account in one region."""

    tracks = True

    def __init__(self, client: "SESV2Client") -> None:
        """Take a boto3 client of SES v2."""
        self._client = client

    def send(self, email: Email) -> str:
        """Hand `email` to SES and return SES's message id; raise our errors, as ses_failures maps them."""
        try:
            answer = self._client.send_email(**_request(email))
        except (BotoCoreError, ClientError) as error:
            raise translate(error, email, self._client.meta.region_name) from error
        return answer["MessageId"]


def _request(email: Email) -> dict[str, Any]:
    # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
    request: dict[str, Any] = {
        "FromEmailAddress": mailbox(email.from_address, email.from_name),
        "Destination": {"ToAddresses": [ascii_address(email.recipient)]},
        "Content": {
            "Simple": {"Subject": _utf8(one_line(email.subject)), "Body": {"Text": _utf8(email.text)}}
        },
        "EmailTags": [{"Name": name, "Value": value} for name, value in email.tags.items()],
    }
    if email.reply_to:
        request["ReplyToAddresses"] = [ascii_address(email.reply_to)]
    if email.configuration_set:
        request["ConfigurationSetName"] = email.configuration_set
    return request


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
