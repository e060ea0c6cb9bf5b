from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "qipan.inspections"
    label = "inspections"

    def ready(self) -> None:
        from qipan.inspections import words

        words.register()
