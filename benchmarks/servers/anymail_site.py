"""django-anymail's webhook for Amazon SES, with a receiver that stores each event.

It verifies no signature: SNS proves itself by the basic auth in the subscription's URL.
"""

import os
from typing import Any

from django.core.wsgi import get_wsgi_application

from benchmarks.servers.django_site import configure, event_model

configure(__name__, ["anymail"], ANYMAIL={"WEBHOOK_SECRET": os.environ["WEBHOOK_SECRET"]})

from anymail.signals import tracking  # noqa: E402 - Django is set up now
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

Received = event_model()


def on_event(event: Any, **_: Any) -> None:
    """Store an event of any kind."""
    Received.objects.create(
        message_id=event.message_id,
        recipient=event.recipient,
        kind=event.event_type,
        at=str(event.timestamp),
    )


tracking.connect(on_event)


def ready(_: HttpRequest) -> HttpResponse:
    """Tell that the process serves."""
    return HttpResponse()


urlpatterns = [path("", AmazonSESTrackingWebhookView.as_view()), path("readyz", ready)]
application = get_wsgi_application()
