from django.apps import AppConfig


class AreasConfig(AppConfig):
    name = "qipan.foundation.areas"
    label = "areas"
