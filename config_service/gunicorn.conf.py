"""How gunicorn serves config_service; what the command line says still wins."""
# ruff: noqa: N999 - gunicorn's own name for the file

from typing import Any

from shared.serving import child_exit, cores, post_worker_init, prepare, worker_processes

__all__ = ["child_exit", "post_worker_init"]  # gunicorn's hooks

_service = prepare("config_service")

wsgi_app = "config_service:create_app()"
bind = "0.0.0.0:8001"  # behind the platform's gateway; -b tells a machine that is reached directly
worker_class = "shared.thread_worker.PunctualThreadWorker"  # slow clients never hold all threads
# SQLite has one writer at a time: within one process those who write queue for it, between processes they
# sleep and try again. On PostgreSQL too, a process more makes smaller transactions of the same events.
workers = worker_processes(
    1 if _service.settings.database_url.startswith("sqlite:") else max(1, cores() // 2)
)
threads = 16  # they mostly wait for the database

timeout = 60  # seconds; a test email may wait for a mail server
graceful_timeout = 20  # seconds to end what was begun: more than SNS waits
keepalive = 75  # seconds: longer than load balancers keep idle connections (60), so that they close first

# Ids travel in paths (a clinic id has up to 256 characters), addresses never; a bearer token may be long.
limit_request_line = 2048
limit_request_fields = 50
limit_request_field_size = 10240

# Its socket has one fixed place for all of a user's gunicorns, and nothing here is steered through it.
control_socket_disable = True

logger_class = "shared.gunicorn_logger.QuietLogger"
logconfig_dict = _service.logging


def on_exit(_server: Any) -> None:
    """Remove the metrics' directory."""
    _service.remove_metrics()
