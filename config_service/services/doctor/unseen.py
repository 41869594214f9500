"""That something could not be looked at."""

from shared.errors import ServiceError


class UnseenError(ServiceError):
    """A check cannot look, and nothing is known to be wrong."""

    code = "not_seen"
