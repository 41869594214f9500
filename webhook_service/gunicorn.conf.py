"""How gunicorn serves webhook_service; what the command line says still wins."""
# ruff: noqa: N999 - gunicorn's own name for the file

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

# Before anything imports prometheus_client: it chooses between one process and several when imported.
_GIVEN = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
_MASTER = os.getpid()
_PREFIX = f"webhook_service_metrics_{_MASTER}_"
# After a reload the directory that this very process made stands in the environment.
_OURS = not _GIVEN or Path(_GIVEN).name.startswith(_PREFIX)
if not _GIVEN:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=_PREFIX)

from prometheus_client import multiprocess  # noqa: E402 - see above

from shared.errors import SettingsError  # noqa: E402
from shared.logging import logging_config  # noqa: E402
from shared.settings import environment  # noqa: E402
from webhook_service.settings import read_settings  # noqa: E402


def _remove_what_was_made() -> None:
    if _OURS and os.getpid() == _MASTER:
        shutil.rmtree(os.environ.pop("PROMETHEUS_MULTIPROC_DIR"), ignore_errors=True)


try:
    _settings = read_settings(environment(Path(".env")))
except SettingsError as error:
    _remove_what_was_made()
    # Here, in one line, rather than once a worker and with a traceback each.
    raise SystemExit(f"webhook_service does not start: {error.message}") from None

wsgi_app = "webhook_service:create_app()"
bind = "0.0.0.0:8002"  # SNS comes from outside; a machine that is reached directly is told with -b
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 16  # they mostly wait for config_service's commit

timeout = 30  # seconds; SNS gives up after 15, so a worker that is silent for longer is stuck
graceful_timeout = 20  # seconds to end what was begun: more than SNS waits
keepalive = 75  # seconds: longer than load balancers keep idle connections (60), so that they close first

# SNS sends one short path and about 15 short headers; a proxy adds a few. Whoever sends more is not SNS.
limit_request_line = 1024
limit_request_fields = 50
limit_request_field_size = 4096

# Its socket has one fixed place for all of a user's gunicorns, and nothing here is steered through it.
control_socket_disable = True

logconfig_dict = logging_config(_settings.log_level)


def child_exit(_server: Any, worker: Any) -> None:
    """Drop the gauges of a process that is gone."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Remove the directory that was made above."""
    _remove_what_was_made()
