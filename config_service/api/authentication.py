"""Who may call what: guards that are attached where a blueprint is registered, never in a view."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import g, request

from config_service.api.context import principal, services
from config_service.errors import ForbiddenError, InvalidError, TooManyRequestsError, UnauthenticatedError
from config_service.internal_tokens import InternalToken
from config_service.metrics import FAILED_LOGINS
from config_service.services.clinic_rows import clinic_not_found
from config_service.services.failed_logins import FailedLogins
from config_service.services.principal import Principal, service
from config_service.tokens import TokenVerifier
from shared.internal_api import CLINIC_ID, bearer_token

_CLINIC_ID = re.compile(CLINIC_ID)
_READING = {"GET", "HEAD", "OPTIONS"}

# Views that change nothing though they are POSTs: an address must not travel in a URL.
READING_POSTS = {"check_address"}
# Views that make the clinic's row where it is new.
MAKING = {"replace_config", "set_up_ses"}


Guard = Callable[[], None]


def bearer_guard(verifier: TokenVerifier) -> Guard:
    """Return what lets only those in who may: by clinic where one is in the path, else super admins."""

    def guard() -> None:
        try:
            g.principal = verifier.verify(bearer_token(request.headers.get("Authorization")))
        except UnauthenticatedError as error:
            raise _counted(error, services().failed_logins, request.remote_addr) from None
        clinic_id = (request.view_args or {}).get("clinic_id")
        if clinic_id is None:
            _only_super_admins()
        else:
            _only_for_clinic(clinic_id)

    return guard


def internal_guard(tokens: Sequence[InternalToken], scope: str) -> Guard:
    """Return what lets only the holders of an internal token with `scope` in."""

    def guard() -> None:
        g.principal = internal_caller(tokens, scope, request.environ, services().failed_logins)

    return guard


def internal_caller(
    tokens: Sequence[InternalToken], scope: str, environ: Mapping[str, Any], failed_logins: FailedLogins
) -> Principal:
    """Return who sent a request to the internal API; raise where its token is none, or of another scope."""
    try:
        fitting = _fitting(tokens, bearer_token(environ.get("HTTP_AUTHORIZATION")) or "")
    except UnauthenticatedError as error:
        raise _counted(error, failed_logins, environ.get("REMOTE_ADDR")) from None
    if scope not in {token.scope for token in fitting}:
        raise ForbiddenError(
            f"This needs a token of scope {scope}; this one is for {fitting[0].scope}.",
            code="wrong_scope",
            hint="The scope record is webhook_service's, send is the sending services'.",
        )
    return service(fitting[0].name)


def _fitting(tokens: Sequence[InternalToken], given: str) -> list[InternalToken]:
    fitting = [token for token in tokens if token.fits(given)]  # all are compared: time tells nothing
    if not fitting:
        raise UnauthenticatedError(
            "The internal API needs one of its tokens.",
            hint="Compare INTERNAL_API_TOKENS with the caller's.",
        )
    return fitting


def _counted(
    error: UnauthenticatedError, failed_logins: FailedLogins, address: str | None
) -> UnauthenticatedError | TooManyRequestsError:
    """Count a failure; return what it is answered: 429 in place of 401 for whoever has failed too often."""
    answer: UnauthenticatedError | TooManyRequestsError = error
    try:
        failed_logins.count(address, error.subject)
    except TooManyRequestsError as limited:
        answer = limited
    FAILED_LOGINS.labels(answer.code).inc()
    return answer


def _only_super_admins() -> None:
    if not principal().is_super_admin:
        raise ForbiddenError("This is for SUPER_ADMIN alone.", hint="Ask the platform's operator.")


def _only_for_clinic(clinic_id: str) -> None:
    if not _CLINIC_ID.fullmatch(clinic_id):
        raise InvalidError(
            "A clinic id has 1 to 256 letters, digits, _ or -.",
            code="invalid_clinic_id",
            hint="Correct the path.",
        )
    view = (request.endpoint or "").rpartition(".")[2]
    if not principal().may_view(clinic_id):
        named = principal().clinic_ids
        message = (
            "This clinic is not yours." if named else "The token names no clinicIds, so no clinic is yours."
        )
        raise ForbiddenError(message, hint="Ask for a token whose clinicIds hold it.")
    reads = request.method in _READING or view in READING_POSTS
    if not reads and not principal().may_change(clinic_id):
        raise ForbiddenError(
            f"{principal().role} may look, and not change or test.", hint="Ask a CLINIC_ADMIN of the clinic."
        )
    if view not in MAKING and not services().repositories.clinics.exists(clinic_id):
        raise clinic_not_found(clinic_id)
