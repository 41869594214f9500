"""SES's messages, as its notifications of an identity carry them."""

import json
from datetime import datetime
from typing import Any


def ses_event(kind: str, source: str, recipient: str, at: datetime, message_id: str, **detail: Any) -> str:
    """Return an identity notification as SES publishes it."""
    timestamp = at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    parts: dict[str, Any] = {
        "Bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {"emailAddress": recipient, "status": "5.1.1", "diagnosticCode": "smtp; 550"}
            ],
            **detail,
        },
        "Complaint": {"complainedRecipients": [{"emailAddress": recipient}], **detail},
        "Delivery": {"recipients": [recipient], "smtpResponse": "250 ok", **detail},
    }
    document = {
        "notificationType": kind,
        kind.lower(): {**parts[kind], "timestamp": timestamp},
        "mail": {
            "timestamp": timestamp,
            "source": source,
            "messageId": message_id,
            "destination": [recipient],
        },
    }
    return json.dumps(document)
