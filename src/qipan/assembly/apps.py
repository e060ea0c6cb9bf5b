from django.apps import AppConfig


class AssemblyConfig(AppConfig):
    name = "qipan.assembly"
    label = "assembly"

    def ready(self) -> None:
        from qipan.assembly.oversight import duties

        duties.register()
