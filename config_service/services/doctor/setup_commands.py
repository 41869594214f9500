"""The set-up's command lines as they mend what was found: each can be run as it stands."""

from config_service.services.doctor.facts import Facts
from shared.sns import region_of

ANY_ENDPOINT = "https://your-domain/api/v1/webhooks/ses"
_SETUP = "python -m config_service setup"


def setup_of_topic(facts: Facts) -> str:
    """Return what makes or corrects the topic that carries the target's events, and what hangs on it."""
    if facts.target.clinic_id and facts.target.topic_arn:
        return setup_here(facts)
    region = f" --region {region_of(facts.topic_arn)}" if facts.topic_arn else ""
    return f"{_SETUP}{region}{_endpoint(facts)}"


def setup_here(facts: Facts) -> str:
    """Return what makes a topic where the target sends: a clinic's own, or the platform's."""
    target = facts.target
    whose = f" --clinic {target.clinic_id}" if target.clinic_id else f" --region {target.region}"
    return f"{_SETUP}{whose}{_endpoint(facts)}"


def setup_of_publishing(facts: Facts, name: str | None) -> str:
    """Return what has the target's events published to its topic by one way only.

    That is the configuration set `name` where its mail goes by one, else the identity's notifications.
    """
    target = facts.target
    if target.clinic_id is None:
        return setup_of_topic(facts)
    setup = f"{_SETUP} --clinic {target.clinic_id} --shared-topic"
    if target.topic_arn is not None:
        # The set-up of a clinic's own topic adds the clinic's id to the names of its sets.
        setup, name = setup_here(facts), name and name.removesuffix(f"-{target.clinic_id}")
    way = f"--configuration-set {name} --no-identities" if name else "--no-configuration-sets"
    return f"{setup} {way}"


def _endpoint(facts: Facts) -> str:
    return f" --endpoint {facts.known_endpoint or ANY_ENDPOINT}"
