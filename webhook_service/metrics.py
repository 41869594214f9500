"""What this service counts beside its requests; no label can be grown by a stranger."""

from functools import cache

from prometheus_client import Counter

MESSAGES = Counter("sns_messages_total", "Verified SNS messages by type and result.", ["type", "result"])
message_series = cache(MESSAGES.labels)  # looking a series up anew takes ten times as long
REFUSALS = Counter("sns_messages_refused_total", "SNS messages that were not believed, by why.", ["code"])
EVENTS = Counter("ses_events_total", "SES events by kind and result.", ["kind", "result"])
event_series = cache(EVENTS.labels)
UNREADABLE_EVENTS = Counter(
    "ses_unreadable_events_total", "SES events that could not be read and are kept for a person: an alarm."
)
CERTIFICATE_FETCHES = Counter(
    "sns_certificate_fetches_total", "Downloads of signing certificates by result.", ["result"]
)
CONFIRMATIONS = Counter(
    "sns_subscription_confirmations_total", "Confirmations of subscriptions by result.", ["result"]
)
INTERNAL_CALL_FAILURES = Counter(
    "internal_call_failures_total", "Calls of config_service that failed, by call and why.", ["call", "why"]
)
