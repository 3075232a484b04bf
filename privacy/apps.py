"""The room that erases a customer from all others."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "privacy"
