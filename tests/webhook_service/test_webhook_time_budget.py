"""A message is answered before SNS hangs up, also when every step is as slow as it may be."""

from shared import internal_client
from webhook_service import time_budget as budget

LIMIT = 14.0  # seconds, of SNS's 15


def test_every_step_at_its_slowest_is_in_time() -> None:
    topics = budget.TOPICS_WAIT + internal_client.CONNECT_TIMEOUT + internal_client.TOPICS_READ_TIMEOUT
    certificate = budget.CERTIFICATE_DEADLINE + budget.CERTIFICATE_READ
    recording = budget.EARLIER_CALL + internal_client.CONNECT_TIMEOUT + internal_client.READ_TIMEOUT
    confirmation = budget.CONFIRMATION_CONNECT + budget.CONFIRMATION_READ
    assert budget.CERTIFICATE_CONNECT + budget.CERTIFICATE_READ <= budget.CERTIFICATE_DEADLINE
    assert topics + certificate + max(recording, confirmation) <= LIMIT < budget.SNS_PATIENCE
