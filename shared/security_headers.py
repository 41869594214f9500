"""The headers that tell browsers and proxies what they must not do with an answer."""

from collections.abc import Callable, Iterable
from typing import Any

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Answers are data: nothing in them is to be run, framed, guessed at, kept, or told to the next site.
# https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
# Strict-Transport-Security is the TLS front's to say: see Caddyfile.
SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


def with_security_headers(app: Wsgi) -> Wsgi:
    """Return `app` with these headers on every answer, errors too; one that `app` sets itself stays."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            added = [pair for pair in SECURITY_HEADERS if pair[0].lower() not in given]
            return start_response(status, [*headers, *added], *more)

        return app(environ, start)

    return serve
