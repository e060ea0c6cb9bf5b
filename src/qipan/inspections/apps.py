from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "qipan.inspections"
    label = "inspections"
