"""Owns every clinic's communication configuration, its credentials, test emails and suppression list."""

from config_service.app import create_app, create_services

__all__ = ["create_app", "create_services"]
