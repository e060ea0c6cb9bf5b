from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JournalConfig(AppConfig):
    name = "qipan.foundation.journal"
    label = "journal"

    def ready(self) -> None:
        from qipan.foundation.journal import kinds

        kinds.register(
            {
                "journal.key_rotated": _("Signing key of the journal renewed"),
                "journal.exported": _("Journal exported"),
                "journal.verified": _("Journal verified"),
                "journal.restored": _("Restored from a backup"),
            }
        )
