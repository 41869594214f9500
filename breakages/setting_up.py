"""From nothing to a loop that works: the settings, the identity with its records, the set-up, the probe."""

from breakages.loop import CLINIC, Loop

CREATE_IDENTITY = f"python -m config_service identity create --clinic {CLINIC}"
SHOW_RECORDS = f"python -m config_service identity show --clinic {CLINIC} --zone"
SET_UP = "python -m config_service setup --endpoint https://your-domain/api/v1/webhooks/ses"
PROBE = f"python -m config_service probe --clinic {CLINIC}"


def paste(loop: Loop, command: str = SHOW_RECORDS, kind: str = "") -> list[str]:
    """Add the records that a command prints to the DNS, those of a type or all, and return them."""
    printed = loop.terminal.output_of(command).splitlines()
    lines = [line for line in printed if f" IN {kind}" in line]
    loop.say("dns", add=lines)
    return lines


def policed(loop: Loop) -> list[str]:
    """Add all records to the DNS, with DMARC's policy as it should be in the end."""
    lines = [line.replace("p=none", "p=quarantine") for line in paste(loop)]
    loop.say("dns", add=lines)
    return lines
