"""Sending identities and where they want their notifications.

ministack keeps v1's and v2's identities apart, and takes topics only for v1's; so the topics live here.
Rules: SES Developer Guide, "Configuring Amazon SNS notifications for Amazon SES".
"""

import threading
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from local_aws.aws_clients import AwsClients, Caller

KINDS = ("Bounce", "Complaint", "Delivery")


@dataclass
class NotificationSettings:
    topics: dict[str, str] = field(default_factory=dict)
    with_headers: set[str] = field(default_factory=set)


class Identities:
    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients
        self._settings: dict[tuple[str, str, str], NotificationSettings] = {}
        self._lock = threading.Lock()

    def settings(self, caller: Caller, identity: str) -> NotificationSettings:
        """Return an identity's settings, which may be changed in place."""
        key = (self._clients.account_of(caller), caller.region, identity)
        with self._lock:
            return self._settings.setdefault(key, NotificationSettings())

    def exists(self, caller: Caller, identity: str) -> bool:
        if not identity:
            return False
        answer = self._clients.client("ses", caller).get_identity_verification_attributes(
            Identities=[identity]
        )
        if answer["VerificationAttributes"][identity]["VerificationStatus"] == "Success":
            return True
        try:
            self._clients.client("sesv2", caller).get_email_identity(EmailIdentity=identity)
        except ClientError:
            return False
        return True

    def of_sender(self, caller: Caller, address: str) -> str | None:
        """Return the identity that a sender uses: the address if it is one, else the nearest domain."""
        labels = address.rpartition("@")[2].split(".")
        domains = [".".join(labels[place:]) for place in range(len(labels) - 1)]
        return next((name for name in (address, *domains) if self.exists(caller, name)), None)

    def verify_sender(self, caller: Caller, address: str) -> None:
        """Make a sender's domain a verified identity, unless the sender has one.

        ministack refuses unverified senders, as SES does. With a default topic the first try needs no
        set-up, so nobody has verified anything yet. v1's store is enough: ministack asks both for a send.
        """
        domain = address.rpartition("@")[2]
        if domain and self.of_sender(caller, address) is None:
            self._clients.client("ses", caller).verify_domain_identity(Domain=domain)
