"""Identities that SES sends from, and how far AWS has verified them.

https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html
"""

from dataclasses import dataclass
from typing import Any

from config_service.providers.aws_setup import marks
from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.refusals import plainly
from config_service.providers.aws_setup.resource import NOT_THERE, UNCHANGED, Action, Mode, Permission, Step

SUCCESS = "SUCCESS"
DKIM_ZONE = "dkim.amazonses.com"

_MAKES = ("ses:CreateEmailIdentity", "ses:PutEmailIdentityMailFromAttributes", "ses:TagResource")
_NEEDS: dict[Mode, tuple[str, ...]] = {
    Mode.SHOW: ("ses:GetEmailIdentity",),
    Mode.SET_UP: ("ses:GetEmailIdentity", *_MAKES),
    Mode.REMOVE: ("ses:DeleteEmailIdentity", "ses:GetEmailIdentity", "ses:ListTagsForResource"),
}


@dataclass(frozen=True, slots=True)
class IdentityState:
    """An identity as it is; the statuses are AWS's words, such as PENDING, SUCCESS, FAILED, NOT_STARTED."""

    name: str
    region: str
    is_domain: bool
    verified: bool
    dkim_status: str
    dkim_tokens: tuple[str, ...]
    dkim_zone: str
    mail_from: str | None
    mail_from_status: str | None
    configuration_set: str | None = None  # by which its mail goes where the mail itself names none

    @property
    def complete(self) -> bool:
        """Whether AWS has found everything that it asks for."""
        signs = not self.is_domain or self.dkim_status == SUCCESS
        return self.verified and signs and self.mail_from_status in (None, SUCCESS)


class Identity:
    """A domain or an address, made or adopted by its name; a domain may have a custom MAIL FROM."""

    kind = "identity"

    def __init__(self, account: AwsAccount, name: str, mail_from: str | None = None) -> None:
        """Take the custom MAIL FROM domain, below the identity's own, or None to leave it as it is."""
        self._account = account
        self._mail_from = mail_from
        self.name = name

    @plainly
    def observe(self) -> IdentityState | None:
        """Return the identity as it is, or None."""
        ses = self._account.client("sesv2")
        try:
            found = ses.get_email_identity(EmailIdentity=self.name)
        except ses.exceptions.NotFoundException:
            return None
        return self._read(found)

    def plan(self) -> Step:
        """Return what `apply` would do now."""
        state = self.observe()
        if state is None:
            return Step(Action.CREATE, (f"custom MAIL FROM {self._mail_from}",) if self._mail_from else ())
        if self._mail_from in (None, state.mail_from):
            return UNCHANGED
        return Step(Action.UPDATE, (f"custom MAIL FROM {self._mail_from}",))

    @plainly
    def apply(self) -> None:
        """Create the identity, with DKIM keys of AWS's making, and set its MAIL FROM domain."""
        ses, state = self._account.client("sesv2"), self.observe()
        if state is None:
            ses.create_email_identity(
                EmailIdentity=self.name, Tags=marks.as_list({marks.MADE: marks.BY_SETUP})
            )
        if self._mail_from and (state is None or state.mail_from != self._mail_from):
            ses.put_email_identity_mail_from_attributes(
                EmailIdentity=self.name,
                MailFromDomain=self._mail_from,
                BehaviorOnMxFailure="USE_DEFAULT_VALUE",  # a missing record must not stop the mail
            )

    def plan_removal(self) -> Step:
        """Return what `remove` would do now."""
        if self.observe() is None:
            return NOT_THERE
        return Step(Action.REMOVE) if self._made() else Step(Action.LEAVE, ("was there before",))

    @plainly
    def remove(self) -> None:
        """Delete the identity where it was made here: from then on nothing can be sent from it."""
        if self.observe() is not None and self._made():
            self._account.client("sesv2").delete_email_identity(EmailIdentity=self.name)

    def permissions(self, mode: Mode) -> tuple[Permission, ...]:
        """Return the IAM permissions that the calls of `mode` need."""
        return (Permission(_NEEDS[mode], self._arn),)

    def _read(self, found: dict[str, Any]) -> IdentityState:
        dkim, mail_from = found.get("DkimAttributes", {}), found.get("MailFromAttributes", {})
        return IdentityState(
            name=self.name,
            region=self._account.region,
            is_domain=found.get("IdentityType") == "DOMAIN",
            verified=bool(found.get("VerifiedForSendingStatus")),
            dkim_status=str(dkim.get("Status") or "NOT_STARTED"),
            dkim_tokens=tuple(dkim.get("Tokens", ())),
            dkim_zone=str(dkim.get("SigningHostedZone") or DKIM_ZONE),
            mail_from=mail_from.get("MailFromDomain") or None,
            mail_from_status=mail_from.get("MailFromDomainStatus") or None,
            configuration_set=found.get("ConfigurationSetName") or None,
        )

    def _made(self) -> bool:
        answer = self._account.client("sesv2").list_tags_for_resource(ResourceArn=self._arn)
        return marks.made(marks.as_mapping(answer["Tags"]))

    @property
    def _arn(self) -> str:
        return self._account.place.arn("ses", f"identity/{self.name}")
