"""The AWS regions in which a service exists, from the data that botocore itself ships."""

from difflib import SequenceMatcher
from functools import cache

from config_service.providers.aws_session import new_session

SES = "sesv2"
SNS = "sns"

LIKELY = 0.6  # of SequenceMatcher's 0 to 1; the library calls this close

_SPOKEN = {SES: "SES", SNS: "SNS"}


@cache
def known_regions(service: str = SES) -> frozenset[str]:
    """Return the regions of all partitions that offer `service`, in botocore's spelling of both.

    The first call for a service takes about 0.1 s, every other one none.
    """
    session = new_session()
    partitions = session.get_available_partitions()
    return frozenset(
        region for partition in partitions for region in session.get_available_regions(service, partition)
    )


def region_fault(region: str, service: str = SES) -> str | None:
    """Return what is wrong with `region` as a sentence that proposes the nearest one, or None."""
    known = known_regions(service)
    if region in known:
        return None
    nearest = max(sorted(known), key=lambda name: _likeness(region, name))
    likely = _likeness(region, nearest) >= LIKELY
    advice = f"did you mean {nearest}?" if likely else "give one such as us-east-1."
    return f"{region!r} is no AWS region that offers {_SPOKEN[service]}; {advice}"


def _likeness(region: str, name: str) -> float:
    return SequenceMatcher(None, region.lower(), name).ratio()
