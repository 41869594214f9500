"""The one place that builds the adapters and hands them in."""

import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Request
from werkzeug.routing import MapAdapter

from shared.errors import install_error_handlers
from shared.internal_client import InternalClient
from shared.logging import configure_logging, install_request_logging
from shared.metrics import observe_request
from shared.settings import environment
from webhook_service import views
from webhook_service.certificates import CertificateStore
from webhook_service.clinic_mapper import ClinicMapper
from webhook_service.config_client import ConfigClient, HttpConfigClient
from webhook_service.errors import STATUSES
from webhook_service.origins import SnsOrigins
from webhook_service.processing import MessageProcessor
from webhook_service.settings import WebhookSettings, read_settings
from webhook_service.subscriptions import SubscriptionConfirmer
from webhook_service.verification import SnsVerifier


class _App(Flask):
    """Flask that matches the path alone: binding to host and port takes as long as a view.

    Fit for routes without a trailing slash, without subdomains, and without links to themselves.
    """

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds the route of `request`."""
        if request is None:
            return None
        return self.url_map.bind("", default_method=request.method, path_info=request.path)


def create_app(
    settings: WebhookSettings | None = None,
    *,
    config_client: ConfigClient | None = None,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Flask:
    """Build the application from `settings`, by default the environment's; tests hand in the rest."""
    settings = settings or read_settings(environment(Path(".env")))
    configure_logging(settings.log_level)
    app = _App("webhook_service", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # success first, as people read
    app.config["MAX_CONTENT_LENGTH"] = views.MAX_BODY_BYTES + 1  # the views tell "more" from "just full"
    app.extensions[views.EXTENSION] = _services(settings, config_client, clock, wait)
    install_request_logging(app, observe_request)
    install_error_handlers(app, STATUSES)
    app.register_blueprint(views.bp)
    return app


def _services(
    settings: WebhookSettings,
    client: ConfigClient | None,
    clock: Callable[[], float],
    wait: Callable[[float], None],
) -> views.Services:
    client = client or HttpConfigClient(
        InternalClient(settings.config_service_url, settings.internal_api_token)
    )
    origins = SnsOrigins(settings.sns_dev_origin)
    topics = ClinicMapper(settings.shared_topic_arns, client, clock, wait)
    return views.Services(
        verifier=SnsVerifier(topics, CertificateStore(origins, clock)),
        processor=MessageProcessor(client, SubscriptionConfirmer(origins)),
        topics=topics,
    )
