from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "qipan.workflows"
    label = "workflows"

    def ready(self) -> None:
        from qipan.workflows import figures

        figures.register()
