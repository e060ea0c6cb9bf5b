from django.apps import AppConfig


class RefusalsConfig(AppConfig):
    """An app for its texts alone: what every room refuses in common."""

    name = "qipan.foundation.refusals"
    label = "refusals"
