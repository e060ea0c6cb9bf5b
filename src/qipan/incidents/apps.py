from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "qipan.incidents"
    label = "incidents"
