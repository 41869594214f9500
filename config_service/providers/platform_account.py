"""The platform's own SES account: whose credentials those are, and whether it can send at all."""

import structlog
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from config_service.providers.aws_session import new_session
from shared.errors import SettingsError

METADATA_TIMEOUT = 0.5  # seconds, for each of the two questions put to an instance: 1 s in all at start
METADATA_ATTEMPTS = 1

log = structlog.get_logger(__name__)


class PlatformAccount:
    """Credentials, region and sender of the platform, resolved once, at start."""

    def __init__(
        self,
        *,
        region: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        from_email: str | None = None,
        from_name: str | None = None,
    ) -> None:
        """Take the settings' values; without keys, and without a region, boto3's chain is asked. Log it.

        Raise SettingsError for half a pair of keys.
        """
        if bool(access_key_id) != bool(secret_access_key):
            missing = "AWS_SECRET_ACCESS_KEY" if access_key_id else "AWS_ACCESS_KEY_ID"
            raise SettingsError(f"{missing} is not set: it belongs to the other half of the key, which is")
        self.from_email = from_email
        self.from_name = from_name
        self.credentials: Credentials | None = None
        self.region = region
        if access_key_id and secret_access_key:
            self.credentials = Credentials(access_key_id, secret_access_key)
        else:
            self._resolve()
        if self.available:
            log.info("AWS SES email service initialized successfully")
        elif self.credentials:
            log.warning("AWS_REGION is not set, SES email service will be disabled")

    @property
    def available(self) -> bool:
        """Whether the platform can send from its own account: it needs credentials and a region."""
        return self.credentials is not None and self.region is not None

    def _resolve(self) -> None:
        """Take what boto3's default chain finds: variables, files, the task's or the instance's role."""
        session = new_session()
        store = session.get_component("config_store")  # the session's own setter would round to whole seconds
        store.set_config_variable("metadata_service_timeout", METADATA_TIMEOUT)
        store.set_config_variable("metadata_service_num_attempts", METADATA_ATTEMPTS)
        try:
            self.region = self.region or session.get_config_variable("region")
            self.credentials = session.get_credentials()
        except BotoCoreError as error:  # the chain holds something that cannot be used: it is not empty
            reason = f"{type(error).__name__}: {error}"
            log.error("AWS credentials cannot be read, SES email service will be disabled", reason=reason)  # noqa: TRY400 - a traceback says no more
            return
        if self.credentials is None:
            log.warning("AWS credentials not provided, SES email service will be disabled")
