"""A probe as the API answers it and the command prints it with --json."""

from typing import Any

from config_service.clock import to_datetime
from config_service.services.probe.trail import Loss, MailTrail, ProbeTrail


def probe_document(trail: ProbeTrail) -> dict[str, Any]:
    """Return JSON's own types, with times in ISO 8601."""
    return {
        "probeId": trail.probe_id,
        "startedAt": to_datetime(trail.started_at).isoformat(),
        "status": trail.status,
        "mails": [_mail(mail) for mail in trail.mails],
    }


def _mail(mail: MailTrail) -> dict[str, Any]:
    return {
        "mailbox": mail.mailbox,
        "event": mail.event,
        "status": mail.status,
        "hops": [{"name": hop.name, "afterMs": hop.after_ms} for hop in mail.hops],
        "lost": _loss(mail.loss) if mail.loss else None,
    }


def _loss(loss: Loss) -> dict[str, str]:
    return {"hop": loss.hop, "code": loss.code, "message": loss.message, "hint": loss.hint}
