from django.apps import AppConfig


class AssemblyConfig(AppConfig):
    name = "qipan.assembly"
    label = "assembly"
