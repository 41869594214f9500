"""The calls that send mail: ministack accepts it, and its events follow."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from botocore.exceptions import ClientError

from local_aws.aws_clients import AwsClients, Caller
from local_aws.background import Background
from local_aws.calls import Answer, Call, MinistackGateway, json_error, xml_error
from local_aws.ses_events import SesEvents
from local_aws.ses_mail import SentMail, mail_of_v1, mail_of_v1_raw, mail_of_v2

SEND_PATH = "/v2/email/outbound-emails"
_MESSAGE_ID = re.compile(r'MessageId(?:>|": ?")([^<"]+)')


class SesSends:
    """`verify_sender`, where there is one, is called before a mail is handed to ministack."""

    def __init__(
        self,
        ministack: MinistackGateway,
        clients: AwsClients,
        events: SesEvents,
        background: Background,
        delay: float,
        verify_sender: Callable[[Caller, str], None] | None = None,
    ) -> None:
        self._ministack = ministack
        self._clients = clients
        self._events = events
        self._background = background
        self._delay = delay
        self._verify_sender = verify_sender
        self.handlers: Mapping[str, Callable[[Call], Answer]] = {
            "SendEmail": lambda call: self._send(call, mail_of_v1),
            "SendTemplatedEmail": lambda call: self._send(call, mail_of_v1),
            "SendRawEmail": lambda call: self._send(call, mail_of_v1_raw),
        }

    def send_v2(self, call: Call) -> Answer:
        return self._send(call, mail_of_v2)

    def _send(self, call: Call, read: Callable[[Call, str], SentMail]) -> Answer:
        mail = read(call, "")
        if mail.configuration_set and not self._has_configuration_set(mail):
            return _missing_configuration_set(mail.configuration_set, v1=bool(call.action))
        if self._verify_sender:
            self._verify_sender(mail.caller, mail.address)
        answer = self._ministack.forward(call)
        if answer.ok and (found := _MESSAGE_ID.search(answer.text)):
            self._background.later(self._delay, self._events.publish, replace(mail, message_id=found[1]))
        return answer

    def _has_configuration_set(self, mail: SentMail) -> bool:
        try:
            self._clients.client("sesv2", mail.caller).get_configuration_set(
                ConfigurationSetName=mail.configuration_set
            )
        except ClientError:
            return False
        return True


def _missing_configuration_set(name: str, *, v1: bool) -> Answer:
    """Refuse as SES does; ministack accepts v2 and raw mail with any configuration set."""
    if v1:
        return xml_error("ConfigurationSetDoesNotExist", f"Configuration set <{name}> does not exist.")
    return json_error("NotFoundException", f"Configuration set <{name}> does not exist.", 404)
