"""A message is answered before SNS hangs up, also when every step is as slow as it may be."""

from shared import internal_client
from webhook_service import time_budget as budget

LIMIT = 14.0  # seconds, of SNS's 15


def test_every_step_at_its_slowest_is_in_time() -> None:
    topics = budget.TOPICS_WAIT + internal_client.CONNECT_TIMEOUT + internal_client.TOPICS_READ_TIMEOUT
    recording = budget.EARLIER_CALL + internal_client.CONNECT_TIMEOUT + internal_client.READ_TIMEOUT
    assert budget.CERTIFICATE_CONNECT + budget.CERTIFICATE_READ <= budget.CERTIFICATE_DEADLINE
    assert budget.CONFIRMATION_CONNECT + budget.CONFIRMATION_READ <= budget.CONFIRMATION_DEADLINE
    worst = max(recording, budget.CONFIRMATION_DEADLINE)
    assert topics + budget.CERTIFICATE_DEADLINE + worst <= LIMIT < budget.SNS_PATIENCE
