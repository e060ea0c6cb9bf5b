"""Pages of areas, premises and imports."""

from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas import rules

NAVIGATION = [
    {
        "label": _("Areas"),
        "url_name": "areas_list",
        "group": "district",
        "order": 10,
        "icon": "map",
        "ability": rules.SEE,
    },
    {
        "label": _("Premises"),
        "url_name": "premises_list",
        "group": "district",
        "order": 20,
        "icon": "building",
        "ability": rules.SEE,
    },
    {
        "label": _("Imports"),
        "url_name": "imports_list",
        "group": "district",
        "order": 80,
        "icon": "upload",
        "ability": rules.CHANGE,
    },
]
