"""Who sends mail in a run: clinics, the platform itself, and senders of whom nobody knows at first."""

ACCOUNT = "arn:aws:sns:us-east-1:123456789012"
SHARED_TOPIC = f"{ACCOUNT}:healthcare-ses-events"

PLATFORM_ADDRESS = "noreply@healthcare.com"
PLATFORM = None  # the clinic of the platform's own mail

CLINICS = tuple(f"clinic-{number}" for number in range(6))
WITHOUT_DELIVERIES = "clinic-4"  # asked SES for bounces and complaints alone
OWN_TOPIC_CLINIC = "clinic-5"
OWN_TOPIC = f"{ACCOUNT}:clinic-5-ses-events"
LATE_CLINIC = "clinic-late"  # its events are held until it is saved, at the end


def address_of(clinic: str | None) -> str:
    """Return the address that a clinic, or the platform, sends from."""
    return PLATFORM_ADDRESS if clinic is PLATFORM else f"noreply@{clinic}.example"


SENDERS: dict[str, str | None] = {
    **{address_of(clinic): clinic for clinic in (*CLINICS, LATE_CLINIC)},
    PLATFORM_ADDRESS: PLATFORM,
}
"""Each sender's address, and whose it is once every clinic has been saved."""
SCOPES: tuple[str | None, ...] = tuple(SENDERS.values())


def topic_of(clinic: str | None) -> str:
    """Return the topic by which SES publishes about a sender's mail."""
    return OWN_TOPIC if clinic == OWN_TOPIC_CLINIC else SHARED_TOPIC
