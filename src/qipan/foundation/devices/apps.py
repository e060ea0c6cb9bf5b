from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "qipan.foundation.devices"
    label = "devices"

    def ready(self) -> None:
        from qipan.foundation.devices import operations, rules
        from qipan.foundation.journal import kinds
        from qipan.foundation.vault.operations import register_holder

        kinds.register(rules.KINDS)
        register_holder(operations.PURPOSE, count=operations.under_key, reseal=operations.reseal)
        register_holder(operations.PHOTOS, count=operations.photos_under_key, reseal=operations.reseal_photos)
        register_holder(operations.STEPS, count=operations.kept_under_key, reseal=operations.reseal_kept)
