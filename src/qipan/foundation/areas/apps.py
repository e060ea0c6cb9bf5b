from django.apps import AppConfig


class AreasConfig(AppConfig):
    name = "qipan.foundation.areas"
    label = "areas"

    def ready(self) -> None:
        from qipan.foundation.areas import rules
        from qipan.foundation.journal import kinds

        kinds.register(rules.JOURNALLED)
