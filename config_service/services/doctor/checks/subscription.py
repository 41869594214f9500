"""The webhook's subscription: there, confirmed, over HTTPS, signed, tried long enough."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from config_service.providers.aws_setup.subscription import LONGEST_RETRYING, RETRY_POLICY, SubscriptionState
from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html: what SNS does without a policy
_OUR_RETRIES = int(str(RETRY_POLICY["numRetries"]))
_DEFAULT_RETRIES = "SNS's default: 3 tries, 20 s apart"


def _exists(facts: Facts) -> Outcome | None:
    if facts.topic_arn is None or facts.topic() is None:
        return None
    endpoints = facts.endpoints()
    if not endpoints:
        return failed("subscription_missing", "no HTTP subscription")
    if facts.topics.webhook_among(endpoints) is None:
        return failed("subscription_elsewhere", f"they lead to {', '.join(endpoints)}")
    return passed(f"it leads to {facts.topics.webhook_among(endpoints)}")


def _confirmed(facts: Facts) -> Outcome | None:
    state = _state(facts)
    if state is None:
        return None
    if not state.confirmed:
        return failed("subscription_pending", "it waits for the confirmation", endpoint=state.endpoint)
    return passed("confirmed")


def _https(facts: Facts) -> Outcome | None:
    state = _state(facts)
    if state is None:
        return None
    if state.endpoint.startswith("https:"):
        return passed("https")
    if facts.local.allow_http and _is_here(state.endpoint):
        return passed("http on this machine, as development may")
    return failed("subscription_not_https", state.endpoint)


def _raw(facts: Facts) -> Outcome | None:
    state = _confirmed_state(facts)
    if state is None:
        return None
    return failed("raw_delivery_on", "raw message delivery is on") if state.raw else passed("off")


def _retries(facts: Facts) -> Outcome | None:
    state = _confirmed_state(facts)
    if state is None:
        return None
    policy = state.retry_policy
    if not policy:
        return warned("retries_short", _DEFAULT_RETRIES)
    if all(policy.get(name) == value for name, value in RETRY_POLICY.items()):
        return passed(f"{policy['numRetries']} tries in {LONGEST_RETRYING:,} s")
    if int(policy.get("numRetries") or 0) < _OUR_RETRIES:
        return warned("retries_short", f"{policy.get('numRetries')} tries")
    return passed(f"{policy.get('numRetries')} tries, by a policy of the account's own")


def _reachable(facts: Facts) -> Outcome | None:
    state = _state(facts)
    if state is None:
        return None
    answer = facts.topics.answer(state.endpoint)
    if answer.fits:
        return passed(answer.text)
    if answer.reached:
        return failed("webhook_wrong_answer", answer.text, endpoint=state.endpoint)
    return warned("webhook_unreachable", answer.text, endpoint=state.endpoint)


def _state(facts: Facts) -> SubscriptionState | None:
    return facts.subscription() if facts.topic_arn else None


def _confirmed_state(facts: Facts) -> SubscriptionState | None:
    state = _state(facts)
    return state if state and state.confirmed else None


def _is_here(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host  # a name such as localhost, or a container's


CHECKS = (
    Check("subscription.exists", "Subscription", _exists),
    Check("subscription.confirmed", "Subscription confirmed", _confirmed),
    Check("subscription.https", "Delivery over HTTPS", _https),
    Check("subscription.raw", "Raw message delivery", _raw),
    Check("subscription.retries", "Delivery policy", _retries),
    Check("webhook.reachable", "Webhook's URL", _reachable),
)
