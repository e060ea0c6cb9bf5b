from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    name = "qipan.foundation.outbox"
    label = "outbox"

    def ready(self) -> None:
        from qipan.foundation.journal import kinds
        from qipan.foundation.outbox import access
        from qipan.foundation.posts import rules

        rules.register_abilities(access.ABILITIES)
        rules.register_district_wide(*access.ABILITIES)
        kinds.register(
            {
                "outbox.failed": _("Message could not be sent"),
                "outbox.cancelled": _("Message cancelled"),
                "outbox.retried": _("Message tried again"),
                "outbox.policy_set": _("Way of sending set"),
                "outbox.wording_set": _("Wording of a message set"),
                "outbox.wording_cleared": _("Wording of a message reset"),
                "outbox.gateway_set": _("Message gateway set"),
            }
        )
