from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "qipan.reporting"
    label = "reporting"

    def ready(self) -> None:
        from qipan.reporting import words

        words.register()
