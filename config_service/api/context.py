"""What a view needs of the application and of the request it serves."""

from typing import cast

from flask import Flask, current_app, g

from config_service.services.principal import Principal
from config_service.services.services import Services

_EXTENSION = "config_service"


def hand_services(app: Flask, services: Services) -> None:
    """Make the use cases reachable from the application's views."""
    app.extensions[_EXTENSION] = services


def services() -> Services:
    """Return the use cases of the application that serves this request."""
    return cast("Services", current_app.extensions[_EXTENSION])


def principal() -> Principal:
    """Return who sent this request; authentication, attached to the blueprint, put it there."""
    return cast("Principal", g.principal)
