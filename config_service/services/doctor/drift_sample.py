"""A cheap look at whether our list and SES's drift apart: the newest page of theirs, beside ours."""

from dataclasses import dataclass

from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.suppressed_destinations import SuppressedDestinations
from config_service.services.doctor.target import Target
from config_service.services.drift.drift import Drift, DriftSample


@dataclass(frozen=True, slots=True)
class DriftSampler:
    """Asks for a sample where a check needs one."""

    drift: Drift

    def __call__(self, target: Target, account: AccountResources) -> DriftSample:
        """Return the sample; whose an address is nobody knows where several send from the account."""
        clinic_id = target.clinic_id if target.own_account else None
        return self.drift.sample(clinic_id, SuppressedDestinations(account.account))
