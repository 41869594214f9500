"""What the set-up calls things, within AWS's limits."""

import hashlib

DEFAULT_TOPIC = "healthcare-ses-events"
DEFAULT_SETS = ("transactional", "marketing", "notifications")
LONGEST_TOPIC = 256
LONGEST_QUEUE = 80
LONGEST_SET = 64  # the same for an event destination

_CHECK_DIGITS = 8


def shortened(name: str, longest: int) -> str:
    """Return `name`, where it is too long its beginning and a check value of the whole."""
    if len(name) <= longest:
        return name
    check = hashlib.sha256(name.encode()).hexdigest()[:_CHECK_DIGITS]
    return f"{name[: longest - _CHECK_DIGITS - 1]}-{check}"


def of_clinic(name: str, clinic_id: str, longest: int) -> str:
    """Return the name of a clinic's own."""
    return shortened(f"{name}-{clinic_id}", longest)


def queue_of(topic: str) -> str:
    """Return the name of a topic's dead-letter queue."""
    return shortened(f"{topic}-dead-letters", LONGEST_QUEUE)


def destination_of(topic_arn: str) -> str:
    """Return the name of the event destination for a topic: by it a later run knows its own."""
    return shortened(f"clinic-mail-{topic_arn.rpartition(':')[2]}", LONGEST_SET)
