from django.apps import AppConfig


class AreasConfig(AppConfig):
    name = "qipan.foundation.areas"
    label = "areas"

    def ready(self) -> None:
        from qipan.foundation.areas import queries, rules
        from qipan.foundation.journal import kinds
        from qipan.foundation.vault import grounds

        kinds.register(rules.JOURNALLED)
        grounds.register_settings(queries.setting)
