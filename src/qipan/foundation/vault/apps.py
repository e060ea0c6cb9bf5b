from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    name = "qipan.foundation.vault"
    label = "vault"

    def ready(self) -> None:
        from qipan.foundation.journal import kinds

        kinds.register(
            {
                "vault.sealed": _("Personal data sealed"),
                "vault.changed": _("Personal data corrected"),
                "vault.erased": _("Personal data erased"),
                "vault.revealed": _("Looked behind the mask"),
                "vault.used": _("Used by the system"),
                "vault.searched": _("Searched by exact value"),
            }
        )
