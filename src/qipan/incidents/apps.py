from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "qipan.incidents"
    label = "incidents"

    def ready(self) -> None:
        from qipan.incidents import words

        words.register()
