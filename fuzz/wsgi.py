"""Asks a WSGI application in this process, without a client's conveniences: they cost as much as it."""

import io
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.test import run_wsgi_app

from fuzz.exchanges import Answer, Request

_OWN_NAMES = {"CONTENT_TYPE", "CONTENT_LENGTH"}  # which WSGI spells without HTTP_


def ask(app: Flask, request: Request) -> Answer:
    """Return what `app` answers."""
    body, status, headers = run_wsgi_app(app, _environ(request), buffered=True)
    named = {name.lower(): value for name, value in headers.items()}
    return Answer(int(status.split(maxsplit=1)[0]), named, b"".join(body))


def _environ(request: Request) -> dict[str, Any]:
    """Return the environment that a server makes of a request (PEP 3333)."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in _OWN_NAMES else f"HTTP_{key}"] = value
    return environ
