from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkflowsConfig(AppConfig):
    name = "qipan.workflows"
    label = "workflows"

    def ready(self) -> None:
        from qipan.foundation.journal import kinds
        from qipan.workflows import figures

        figures.register()
        kinds.register(
            {
                "workflows.district_begun": _("District brought to work"),
                "workflows.field_step": _("Done on a phone"),
                "workflows.field_kept": _("Step of a phone kept for a decision"),
                "workflows.field_decided": _("Step of a phone decided about"),
            }
        )
