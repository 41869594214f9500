"""django-ses's webhook, verifying, with a receiver that stores each event: gunicorn serves `application`.

django-ses fetches a certificate once and over HTTPS only, so its cache is filled here instead.
"""

import os
from typing import Any

from cryptography import x509
from django.core.wsgi import get_wsgi_application

from benchmarks.servers.django_site import configure, event_model

configure(
    __name__,
    ["django_ses"],
    AWS_SNS_EVENT_TRUSTED_TOPIC_ARNS=[os.environ["TOPIC_ARN"]],
)

from django.http import HttpRequest, HttpResponse  # noqa: E402 - Django is set up now
from django.urls import path  # noqa: E402
from django_ses import signals, utils  # noqa: E402
from django_ses.views import SESEventWebhookView  # noqa: E402

Received = event_model()
utils._CERT_CACHE[os.environ["CERTIFICATE_URL"]] = x509.load_pem_x509_certificate(  # noqa: SLF001 - see above
    os.environ["CERTIFICATE"].encode()
)


def _store(kind: str, mail: dict[str, Any], recipient: str, at: str) -> None:
    Received.objects.create(message_id=mail["messageId"], recipient=recipient, kind=kind, at=at)


def on_bounce(mail_obj: dict[str, Any], bounce_obj: dict[str, Any], **_: Any) -> None:
    """Store a bounce."""
    for each in bounce_obj["bouncedRecipients"]:
        _store("Bounce", mail_obj, each["emailAddress"], bounce_obj["timestamp"])


def on_complaint(mail_obj: dict[str, Any], complaint_obj: dict[str, Any], **_: Any) -> None:
    """Store a complaint."""
    for each in complaint_obj["complainedRecipients"]:
        _store("Complaint", mail_obj, each["emailAddress"], complaint_obj["timestamp"])


def on_delivery(mail_obj: dict[str, Any], delivery_obj: dict[str, Any], **_: Any) -> None:
    """Store a delivery."""
    for each in delivery_obj["recipients"]:
        _store("Delivery", mail_obj, each, delivery_obj["timestamp"])


signals.bounce_received.connect(on_bounce)
signals.complaint_received.connect(on_complaint)
signals.delivery_received.connect(on_delivery)


def ready(_: HttpRequest) -> HttpResponse:
    """Tell that the process serves."""
    return HttpResponse()


urlpatterns = [path("", SESEventWebhookView.as_view()), path("readyz", ready)]
application = get_wsgi_application()
