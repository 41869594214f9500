"""Tries a webhook's URL that a clinic may have written at AWS: nothing but the internet is tried.

The address is resolved once, checked, and connected to as it was checked.
"""

import ssl
from urllib.parse import urlsplit

import urllib3

from config_service.providers.base import ProviderUnavailableError, SendRefusedError
from config_service.providers.public_hosts import resolve
from config_service.providers.webhook_endpoint import Answer, meaning

TIMEOUT = urllib3.Timeout(connect=2, read=4)  # seconds


class WebhookReach:
    """Posts something that is no SNS message, and says what the answer means."""

    def __init__(self, *, allow_private: bool) -> None:
        """Only development allows plain HTTP and private addresses."""
        self._allow_private = allow_private

    def look(self, url: str) -> Answer:
        """Return what `url` answers; raises nothing."""
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        if not secure and not self._allow_private:
            return Answer(fits=False, reached=False, text=f"{url} is not tried: it is not https.")
        try:
            address = resolve(host, port, allow_private=self._allow_private)[0]
        except ProviderUnavailableError:
            return Answer(fits=False, reached=False, text=f"{host} is not in the DNS.")
        except SendRefusedError:
            text = f"{host} is not on the public internet, so that SNS cannot reach it."
            return Answer(fits=False, reached=False, text=text)
        return self._post(url, address, port)

    def _post(self, url: str, address: str, port: int) -> Answer:
        parts = urlsplit(url)
        pool: urllib3.HTTPConnectionPool
        if parts.scheme == "https":
            pool = urllib3.HTTPSConnectionPool(
                address,
                port,
                server_hostname=parts.hostname,
                assert_hostname=parts.hostname,
                ssl_context=ssl.create_default_context(),
            )
        else:
            pool = urllib3.HTTPConnectionPool(address, port)
        try:
            with pool:
                answer = pool.request(
                    "POST",
                    parts.path or "/",
                    body=b"{}",
                    headers={"Host": parts.netloc},
                    timeout=TIMEOUT,
                    retries=False,
                    redirect=False,
                )
        except urllib3.exceptions.SSLError:
            text = f"The certificate of {url} is not valid: SNS delivers to valid ones only."
            return Answer(fits=False, reached=False, text=text)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            text = f"{url} cannot be reached from here ({type(error).__name__})."
            return Answer(fits=False, reached=False, text=text)
        return Answer(fits=answer.status in (400, 503), reached=True, text=meaning(url, answer.status))
