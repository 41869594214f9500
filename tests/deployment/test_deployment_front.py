"""The front: what its Caddyfile forwards, and, where there is a caddy to run, that it does so."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CADDYFILE = ROOT / "Caddyfile"
CADDY = shutil.which("caddy", path=str(Path(sys.executable).parent)) or shutil.which("caddy")
needs_caddy = pytest.mark.skipif(CADDY is None, reason="caddy is not installed")

# method, path, where it comes out; None: nowhere
API_PATHS = [
    ("GET", "/api/v1/clinics/c1/communication/config", "config_service"),
    ("PUT", "/api/v1/clinics/c1/communication/ses", "config_service"),
    ("GET", "/docs", "config_service"),
    ("GET", "/docs/assets/swagger-ui.css", "config_service"),
    ("GET", "/openapi.json", "config_service"),
    ("GET", "/internal/v1/topics", None),
    ("POST", "/internal/v1/events", None),
    ("GET", "/INTERNAL/v1/topics", None),
    ("GET", "//internal/v1/topics", None),
    ("GET", "/api/v1/../../internal/v1/topics", None),
    ("GET", "/api/v1/%2e%2e/%2e%2e/internal/v1/topics", None),
    ("GET", "/api/v1/..%2f..%2finternal/v1/topics", None),
    ("GET", "/%69nternal/v1/topics", None),
    ("GET", "/metrics", None),
    ("GET", "/api/v1/../../metrics", None),
    ("GET", "/docs/../metrics", None),
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
    ("GET", "/", None),
]
WEBHOOK_PATHS = [
    ("POST", "/api/v1/webhooks/ses", "webhook_service"),
    ("GET", "/api/v1/webhooks/ses", None),
    ("POST", "/api/v1/webhooks/ses/more", None),
    ("POST", "/api/v1/webhooks/ses/../../../../metrics", None),
    ("GET", "/metrics", None),
    ("GET", "/readyz", None),
    ("POST", "/internal/v1/events", None),
]


def _blocks(text: str) -> dict[str, str]:
    """Return what stands between the braces of each block at the top level, without comments."""
    text = re.sub(r"(?m)(^|\s)#.*$", "", text)
    return {head.strip(): body for head, body in re.findall(r"(?m)^([^\s}].*)?\{\n((?:\t.*\n|\n)*)\}", text)}


BLOCKS = _blocks(CADDYFILE.read_text())
API, WEBHOOK = BLOCKS["{$API_SITE::8001}"], BLOCKS["{$WEBHOOK_SITE::8002}"]


def test_both_sites_forward_what_they_name_and_nothing_else() -> None:
    assert set(BLOCKS) == {
        "", "(headers)", "(upstream)", "(nothing)", "{$API_SITE::8001}", "{$WEBHOOK_SITE::8002}",
    }  # fmt: skip
    assert re.findall(r"@public path (.*)", API) == ["/api/v1/* /docs /docs/* /openapi.json"]
    assert re.findall(r"@sns \{\n\t\tmethod (.*)\n\t\tpath (.*)", WEBHOOK) == [
        ("POST", "/api/v1/webhooks/ses")
    ]
    for site, matcher in ((API, "@public"), (WEBHOOK, "@sns")):
        assert re.findall(r"^\thandle ?(.*) \{|^\thandle \{", site, re.MULTILINE) == [matcher, ""]
        forwarding, rest = site.split("\thandle {")
        assert forwarding.count("reverse_proxy") == 1
        assert "reverse_proxy" not in rest
        assert "import nothing" in rest


def test_every_site_has_the_headers_and_every_upstream_the_limits() -> None:
    assert "import headers" in API
    assert "import headers" in WEBHOOK
    assert "Strict-Transport-Security" in BLOCKS["(headers)"]
    assert API.count("import upstream") == WEBHOOK.count("import upstream") == 1
    kept = re.search(r"keepalive (\d+)s", BLOCKS["(upstream)"])
    assert kept is not None
    for service in ("config_service", "webhook_service"):
        theirs = re.search(r"(?m)^keepalive = (\d+)", (ROOT / service / "gunicorn.conf.py").read_text())
        assert theirs is not None
        assert int(kept[1]) < int(theirs[1])


def test_nobody_steers_it() -> None:
    assert "\tadmin off\n" in BLOCKS[""]


@needs_caddy
@pytest.mark.parametrize("names", [(":8001", ":8002"), ("api.example.org", "hooks.example.org")])
def test_caddy_takes_the_file(names: tuple[str, str], tmp_path: Path) -> None:
    checked = _caddy("validate", tmp_path, API_SITE=names[0], WEBHOOK_SITE=names[1])
    assert checked.returncode == 0, checked.stderr


@needs_caddy
def test_with_names_everything_is_served_over_tls(tmp_path: Path) -> None:
    adapted = _caddy("adapt", tmp_path, API_SITE="api.example.org", WEBHOOK_SITE="hooks.example.org")
    servers = json.loads(adapted.stdout)["apps"]["http"]["servers"]
    assert [server["listen"] for server in servers.values()] == [[":443"]]
    hosts = [route["match"][0]["host"][0] for route in servers["srv0"]["routes"]]
    assert sorted(hosts) == ["api.example.org", "hooks.example.org"]


@needs_caddy
def test_it_does_not_start_without_the_names_of_the_profile(tmp_path: Path) -> None:
    assert _caddy("validate", tmp_path, API_SITE="", WEBHOOK_SITE="").returncode != 0


class _Upstream:
    """Says what it is, and keeps the paths it was asked for."""

    def __init__(self, name: str) -> None:
        self.seen: list[str] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                upstream.seen.append(self.path)
                self.send_response(200)
                self.send_header("Server", "gunicorn")
                self.send_header("X-Who", name)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_PUT = do_GET  # noqa: N815 - as http.server names them

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A caddy with our file, before two servers that take everything."""
    upstreams = {name: _Upstream(name) for name in ("config_service", "webhook_service")}
    api, webhook = _free_port(), _free_port()
    directory = tmp_path_factory.mktemp("caddy")
    environment = {
        "API_SITE": f":{api}", "WEBHOOK_SITE": f":{webhook}",
        "CONFIG_SERVICE": upstreams["config_service"].address,
        "WEBHOOK_SERVICE": upstreams["webhook_service"].address,
    }  # fmt: skip
    command = [str(CADDY), "run", "--adapter", "caddyfile", "--config", str(CADDYFILE)]
    with subprocess.Popen(
        command, env=_home(directory) | environment, stderr=subprocess.DEVNULL
    ) as process:  # fmt: skip
        try:
            _await(process, api, webhook)
            yield {"api": api, "webhook": webhook, **upstreams}
        finally:
            process.terminate()
            process.wait(20)
            for upstream in upstreams.values():
                upstream.close()


@needs_caddy
@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("site", "method", "path", "comes_out"),
    [("api", *row) for row in API_PATHS] + [("webhook", *row) for row in WEBHOOK_PATHS],
)
def test_what_is_forwarded(
    front: dict[str, Any], site: str, method: str, path: str, comes_out: str | None
) -> None:
    status, headers, body = _ask(front[site], method, path)
    assert headers.get("X-Who") == comes_out
    assert "Server" not in headers or headers["Server"] != "gunicorn"
    assert headers["X-Content-Type-Options"] == "nosniff"
    if comes_out is None:
        assert status == 404
        assert json.loads(body)["code"] == "not_found"
    else:
        assert (status, front[comes_out].seen[-1]) == (200, path)


def _ask(port: int, method: str, path: str) -> tuple[int, Any, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def _await(process: subprocess.Popen[bytes], *ports: int) -> None:
    deadline = time.monotonic() + 20
    for port in ports:
        while True:
            assert process.poll() is None
            assert time.monotonic() < deadline
            try:
                _ask(port, "GET", "/")
                break
            except OSError:
                time.sleep(0.02)


def _caddy(command: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(CADDY), command, "--adapter", "caddyfile", "--config", str(CADDYFILE)],
        env=_home(directory) | environment, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def _home(directory: Path) -> dict[str, str]:
    return {"HOME": str(directory), "XDG_DATA_HOME": str(directory), "XDG_CONFIG_HOME": str(directory)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
