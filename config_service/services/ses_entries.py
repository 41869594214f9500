"""The SES accounts in a clinic's email settings, and the topic of its own that they name."""

from dataclasses import replace

from config_service.services.channels import ChannelSettings, ProviderEntry

SES = "aws_ses"
TOPIC = "snsTopicArn"


def ses_entry(email: ChannelSettings) -> ProviderEntry | None:
    """Return the SES account that is tried first, one that is switched off only where there is no other."""
    entries = (*email.in_order(), *email.entries())
    return next((entry for entry in entries if entry.provider == SES), None)


def with_topic(email: ChannelSettings, region: str, topic_arn: str | None) -> ChannelSettings:
    """Return the settings with the topic in every SES account of `region`; None takes it out."""

    def changed(entry: ProviderEntry) -> ProviderEntry:
        if entry.provider != SES or entry.credentials.get("region") != region:
            return entry
        rest = {name: value for name, value in entry.credentials.items() if name != TOPIC}
        return replace(entry, credentials={**rest, TOPIC: topic_arn} if topic_arn else rest)

    return replace(
        email,
        primary=changed(email.primary) if email.primary else None,
        fallback=tuple(changed(entry) for entry in email.fallback),
    )
