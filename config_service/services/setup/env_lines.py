"""The lines of `.env` by which both services know the shared topics."""

from collections.abc import Iterable

from shared.sns import region_of


def env_lines(known: Iterable[str], topic_arn: str) -> tuple[str, ...]:
    """Return the settings with `topic_arn` among the topics that are `known`."""
    topics = list(dict.fromkeys((*known, topic_arn)))
    regions = dict.fromkeys(region_of(arn) for arn in topics)
    return f"AWS_SNS_TOPIC_ARN={','.join(topics)}", f"AWS_SNS_REGION={','.join(regions)}"
