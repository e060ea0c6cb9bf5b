from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "qipan.live"
    label = "live"
