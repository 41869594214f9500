"""What both Django sites share: settings without middleware, and one durable row for each event."""

import os
from typing import Any

import django
from django.conf import settings

from benchmarks.servers.event_table import TABLE


def configure(urls: str, applications: list[str], **more: Any) -> None:
    """Set Django up as its documentation advises for SQLite in production, durable like the project."""
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["EVENTS_FILE"],
        "CONN_MAX_AGE": None,  # a connection for as long as the worker lives
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 15,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
        },
    }
    settings.configure(
        SECRET_KEY="of-a-benchmark",  # noqa: S106 - nothing is signed with it
        DEBUG=False,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=urls,
        MIDDLEWARE=[],
        INSTALLED_APPS=applications,
        DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        **more,
    )
    django.setup()


def event_model() -> Any:
    """Return the model of the table of events; to be called once Django is set up."""
    from django.db import models  # noqa: PLC0415 - not before Django is set up

    class Received(models.Model):  # noqa: DJ008 - nobody prints one
        message_id = models.TextField()
        recipient = models.TextField()
        kind = models.TextField()
        at = models.TextField()

        class Meta:
            app_label = "benchmarks"
            db_table = TABLE
            managed = False

    return Received
