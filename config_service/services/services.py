"""All use cases, built once by the composition root."""

from dataclasses import dataclass

from config_service.services.audit_trail import AuditTrail
from config_service.services.clinic_rows import ClinicRows
from config_service.services.communication_config import CommunicationConfigService
from config_service.services.doctor.doctor import Doctor
from config_service.services.erasure import Erasure
from config_service.services.failed_logins import FailedLogins
from config_service.services.feedback import FeedbackService
from config_service.services.held_events import HeldEvents
from config_service.services.loop_checks import LoopChecks
from config_service.services.reachability import Reachability
from config_service.services.rehashing import Rehashing
from config_service.services.resealing import Resealing
from config_service.services.retention import Retention
from config_service.services.sending_order import SendingOrder
from config_service.services.setup.aws_setup import AwsSetup
from config_service.services.suppression_transfer import SuppressionTransfer
from config_service.services.suppressions import Suppressions
from config_service.services.sweep import Sweep
from config_service.services.test_emails import TestEmails
from config_service.services.test_outcomes import TestOutcomes
from config_service.storage.repositories import Repositories


@dataclass(frozen=True, slots=True, repr=False)
class Services:
    """What the API, the commands and code in the same process call."""

    repositories: Repositories
    audit: AuditTrail
    clinic_rows: ClinicRows
    configs: CommunicationConfigService
    sending_order: SendingOrder
    feedback: FeedbackService
    held_events: HeldEvents
    suppressions: Suppressions
    reachability: Reachability
    transfer: SuppressionTransfer
    erasure: Erasure
    test_emails: TestEmails
    test_outcomes: TestOutcomes
    retention: Retention
    failed_logins: FailedLogins
    sweep: Sweep
    resealing: Resealing
    rehashing: Rehashing
    loop: LoopChecks
    doctor: Doctor
    aws: AwsSetup
