"""Writes the troubleshooting guide from the doctor's own remedies, so that they cannot drift apart."""

from collections.abc import Iterator

from config_service.services.doctor.remedies.catalogue import REMEDIES
from config_service.services.doctor.remedies.remedy import Remedy, Trouble
from config_service.services.doctor.setup_commands import ANY_ENDPOINT
from config_service.services.doctor.wording import Placeholders

_OPENING = """\
# Troubleshooting

<!-- Written by `python -m config_service doctor --guide` from the doctor's own remedies: change them there
(config_service/services/doctor/remedies), and write this file anew. -->

Ask the doctor first: it looks at everything below, and names what it finds with the command that mends it.

```sh
python -m config_service doctor --clinic ID    # one clinic; --all for all of them, --json for machines
```

or, over the API, `GET /api/v1/clinics/{clinicId}/communication/health`. Each check ends with `pass`, `warn`,
`fail` or `unknown`, which says that it could not look. Words in capitals stand for your own names.
"""
_WORDS = {
    "of": " --clinic CLINIC",
    "of_or_all": " --clinic CLINIC",
    "setup_topic": f"python -m config_service setup --endpoint {ANY_ENDPOINT}",
    "setup_publishing": "python -m config_service setup --clinic CLINIC --shared-topic "
    "--configuration-set SET --no-identities",
    "setup_here": f"python -m config_service setup --clinic CLINIC --endpoint {ANY_ENDPOINT}",
    "advice": "What to do about its code stands in [the table](aws.md#when-a-test-email-is-refused).",
}


def guide() -> str:
    """Return the guide's text (Markdown)."""
    return "\n".join([_OPENING, *(_chapter(trouble) for trouble in Trouble)])


def _chapter(trouble: Trouble) -> str:
    own = [each for each in REMEDIES if each.troubles[0] == trouble]
    others = [each for each in REMEDIES if trouble in each.troubles[1:]]
    lines = [f"## {trouble}", "", *(line for each in own for line in _told(each))]
    if others:
        lines += ["It may also be:" if own else "It may be:", "", *map(_pointer, others), ""]
    return "\n".join(lines)


def _told(remedy: Remedy) -> Iterator[str]:
    text, command = remedy.filled(Placeholders(None, _WORDS))
    yield f"### `{remedy.code}`"
    yield ""
    yield f"{remedy.sign} {text}"
    yield ""
    if command:
        yield from ("```", command, "```", "")


def _pointer(remedy: Remedy) -> str:
    return f"- [`{remedy.code}`](#{remedy.code}): {remedy.sign}"
