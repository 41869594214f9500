"""Every remedy by its code."""

from config_service.services.doctor.remedies.of_accounts import ACCOUNT_REMEDIES
from config_service.services.doctor.remedies.of_feedback import FEEDBACK_REMEDIES
from config_service.services.doctor.remedies.of_identities import IDENTITY_REMEDIES
from config_service.services.doctor.remedies.of_recording import RECORDING_REMEDIES
from config_service.services.doctor.remedies.remedy import Remedy

REMEDIES: tuple[Remedy, ...] = (
    *ACCOUNT_REMEDIES,
    *IDENTITY_REMEDIES,
    *FEEDBACK_REMEDIES,
    *RECORDING_REMEDIES,
)
BY_CODE: dict[str, Remedy] = {each.code: each for each in REMEDIES}
