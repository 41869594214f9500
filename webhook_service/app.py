"""The one place that builds the adapters and hands them in."""

import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from shared.errors import install_error_handlers
from shared.internal_client import InternalClient
from shared.json_endpoint import ENDPOINTS
from shared.logging import configure_logging, install_request_logging
from shared.metrics import observe_requests
from shared.security_headers import with_security_headers
from shared.settings import environment
from webhook_service import sns_endpoint, views
from webhook_service.certificates import CertificateStore
from webhook_service.clinic_mapper import ClinicMapper
from webhook_service.config_client import ConfigClient, HttpConfigClient
from webhook_service.errors import STATUSES
from webhook_service.origins import SnsOrigins
from webhook_service.processing import MessageProcessor
from webhook_service.settings import WebhookSettings, read_settings
from webhook_service.sns_endpoint import SnsEndpoint
from webhook_service.subscriptions import SubscriptionConfirmer
from webhook_service.verification import SnsVerifier

ENDPOINT = "webhook_service.endpoint"


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
    app = Flask("webhook_service", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # success first, as people read
    install_request_logging(app, observe_requests)
    install_error_handlers(app, STATUSES)
    app.register_blueprint(views.bp)
    client = config_client or _config_client(settings)
    topics = ClinicMapper(settings.shared_topic_arns, client, clock, wait)
    app.extensions[views.TOPICS] = topics
    origins = SnsOrigins(settings.sns_dev_origin)
    verifier = SnsVerifier(topics, CertificateStore(origins, clock))
    processor = MessageProcessor(client, SubscriptionConfirmer(origins))
    endpoint = SnsEndpoint(verifier, processor)
    app.extensions[ENDPOINT] = endpoint
    in_front = endpoint.in_front_of(app.wsgi_app)
    app.extensions[ENDPOINTS] = {sns_endpoint.PATH: in_front}
    app.wsgi_app = with_security_headers(in_front)  # type: ignore[assignment,method-assign]
    return app


def _config_client(settings: WebhookSettings) -> ConfigClient:
    return HttpConfigClient(InternalClient(settings.config_service_url, settings.internal_api_token))
