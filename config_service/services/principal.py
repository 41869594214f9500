"""Who acts: the person behind a bearer token, a service behind an internal token, or the service itself."""

from dataclasses import dataclass

SUPER_ADMIN = "SUPER_ADMIN"
CLINIC_ADMIN = "CLINIC_ADMIN"
LOCATION_HEAD = "LOCATION_HEAD"
ROLES = (SUPER_ADMIN, CLINIC_ADMIN, LOCATION_HEAD)
SERVICE = "SERVICE"
NOT_PEOPLE = ("service:", "command:")  # how the audit trail names who has no bearer token


@dataclass(frozen=True, slots=True)
class Principal:
    """A name for the audit trail, a role, and the clinics that it reaches."""

    name: str
    role: str
    clinic_ids: frozenset[str] = frozenset()

    @property
    def is_super_admin(self) -> bool:
        """Whether every clinic, and the platform, is theirs."""
        return self.role == SUPER_ADMIN

    def may_view(self, clinic_id: str) -> bool:
        """Whether they may read what this clinic has."""
        return self.is_super_admin or (self.role in ROLES and clinic_id in self.clinic_ids)

    def may_change(self, clinic_id: str) -> bool:
        """Whether they may change what this clinic has, and send test emails."""
        return self.role != LOCATION_HEAD and self.may_view(clinic_id)


def service(name: str) -> Principal:
    """Return the principal of an internal token's holder."""
    return Principal(f"service:{name}", SERVICE)
