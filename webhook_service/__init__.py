"""Receives Amazon SNS messages, verifies them, and has config_service record the SES events in them."""

from webhook_service.app import create_app

__all__ = ["create_app"]
