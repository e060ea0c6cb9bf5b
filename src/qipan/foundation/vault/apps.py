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
                "vault.key_renewed": _("Key renewed"),
                "vault.master_renewed": _("Master key renewed"),
                "vault.key_destroyed": _("Key destroyed"),
                "vault.escrowed": _("Keys put in escrow"),
                "vault.escrow_restored": _("Keys brought back from escrow"),
                "vault.copy_ended": _("Copy of a key destroyed"),
                "vault.request_received": _("Request about personal data received"),
                "vault.request_checked": _("Identity of the asker checked"),
                "vault.request_done": _("Request about personal data done"),
                "vault.request_refused": _("Request about personal data refused"),
                "vault.request_withdrawn": _("Request about personal data withdrawn"),
            }
        )
