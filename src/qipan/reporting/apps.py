from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "qipan.reporting"
    label = "reporting"
