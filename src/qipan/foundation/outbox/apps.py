from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "qipan.foundation.outbox"
    label = "outbox"
