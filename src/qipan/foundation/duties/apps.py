from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "qipan.foundation.duties"
    label = "duties"
