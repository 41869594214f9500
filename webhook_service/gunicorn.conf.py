"""How gunicorn serves webhook_service; what the command line says still wins."""
# ruff: noqa: N999 - gunicorn's own name for the file

from typing import Any

from gevent import monkey

monkey.patch_all()  # before anything imports sockets and locks

from shared.serving import child_exit, cores, post_worker_init, prepare, worker_processes  # noqa: E402

__all__ = ["child_exit", "post_worker_init"]  # gunicorn's hooks

_service = prepare("webhook_service")

wsgi_app = "webhook_service:create_app()"
bind = "0.0.0.0:8002"  # SNS comes from outside; a machine that is reached directly is told with -b
# Greenlets, not threads: a message mostly waits for config_service's commit, and threads that wake each
# other under one interpreter lock take half of a core for that alone. See docs/performance.md.
worker_class = "shared.greenlet_worker.PunctualGreenletWorker"  # gevent's, with time limits
# One core is left to config_service, which mostly runs beside it: one more process waits for it and makes
# all calls smaller. One takes more than a thousand events a second.
workers = worker_processes(max(1, cores() - 1))
worker_connections = 1000  # of one process, idle ones included; more wait in the kernel's queue

timeout = 30  # seconds; SNS gives up after 15, so a worker that is silent for longer is stuck
graceful_timeout = 20  # seconds to end what was begun: more than SNS waits
keepalive = 75  # seconds: longer than load balancers keep idle connections (60), so that they close first

# SNS sends one short path and about 15 short headers; a proxy adds a few. Whoever sends more is not SNS.
limit_request_line = 1024
limit_request_fields = 50
limit_request_field_size = 4096

# Its socket has one fixed place for all of a user's gunicorns, and nothing here is steered through it.
control_socket_disable = True

logger_class = "shared.gunicorn_logger.QuietLogger"
logconfig_dict = _service.logging


def on_exit(_server: Any) -> None:
    """Remove the metrics' directory."""
    _service.remove_metrics()
