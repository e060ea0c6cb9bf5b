from django.apps import AppConfig


class InterfaceConfig(AppConfig):
    """An app for its texts alone: what every room says in common."""

    name = "qipan.foundation.interface"
    label = "interface"
