"""Would this clinic reach this address, and if not, why? Answered in full, for one address or a thousand."""

from collections.abc import Sequence

from config_service.services.channels import EMAIL, read_channel
from config_service.services.clinic_rows import clinic_not_found
from config_service.services.suppressions import Suppressions
from config_service.storage.clinics import ClinicRepository
from shared.internal_api import AddressCheck, Reason

NO_PROVIDER = Reason(
    "no_provider_configured", "clinic", None, "Set up email for the clinic: PUT .../communication/ses."
)
PROVIDER_DISABLED = Reason(
    "provider_disabled", "clinic", None, "Switch an email provider of the clinic on: enabled is false."
)


class Reachability:
    """Explains what stands between a clinic and an address."""

    def __init__(
        self, clinics: ClinicRepository, suppressions: Suppressions, *, platform_sends: bool
    ) -> None:
        """Take what it asks, and whether the platform has an account that serves clinics without one."""
        self._clinics = clinics
        self._suppressions = suppressions
        self._platform_sends = platform_sends

    def check(self, clinic_id: str | None, addresses: Sequence[str]) -> list[AddressCheck]:
        """Return an answer for each address, in their order; `clinic_id` None asks about the platform.

        Raise NotFoundError for an unknown clinic, and StorageUnavailableError where it cannot be known.
        """
        obstacle = self._obstacle(clinic_id)
        own = (obstacle,) if obstacle else ()
        found = self._suppressions.reasons(clinic_id, addresses)
        return [
            _answer(address, reasons, own) if reasons else AddressCheck(address, False, not own, own)
            for address, reasons in zip(addresses, found, strict=True)
        ]

    def _obstacle(self, clinic_id: str | None) -> Reason | None:
        """Why the clinic reaches nobody at all."""
        if clinic_id is None:
            return None if self._platform_sends else NO_PROVIDER
        record = self._clinics.get(clinic_id)
        if record is None:
            raise clinic_not_found(clinic_id)
        email = read_channel(record.settings, EMAIL)
        if email.in_order() or self._platform_sends:
            return None
        return PROVIDER_DISABLED if email.entries() else NO_PROVIDER


def _answer(address: str, reasons: Sequence[Reason], own: tuple[Reason, ...]) -> AddressCheck:
    suppressed = any(reason.scope in {"clinic", "platform"} for reason in reasons)
    return AddressCheck(address, suppressed, reachable=False, reasons=(*reasons, *own))
