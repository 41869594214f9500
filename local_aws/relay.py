"""The detour of HTTP subscriptions: ministack delivers to our relay, which carries the real endpoint."""

import re
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

RELAY_PATH = "/_local/relay"
HTTP_PROTOCOLS = ("http", "https")


class Relay:
    """Builds relay URLs and takes them apart; the same endpoint has always the same URL.

    ministack recognises a repeated Subscribe by its endpoint, so the URL may carry nothing that varies.
    """

    def __init__(self, origin: str) -> None:
        self._prefix = f"{origin}{RELAY_PATH}?to="
        self._pattern = re.compile(re.escape(self._prefix) + r"([A-Za-z0-9_.~%-]+)")

    def url(self, endpoint: str) -> str:
        return self._prefix + quote(endpoint, safe="")

    def endpoint(self, url: str) -> str | None:
        """Return the endpoint behind a relay URL, or None for any other URL."""
        found = self._pattern.fullmatch(url)
        return unquote(found[1]) if found else None

    def reveal(self, xml: str) -> str:
        """Return an XML answer with the real endpoints in place of the relay's URLs."""
        return self._pattern.sub(lambda found: escape(unquote(found[1])), xml)
