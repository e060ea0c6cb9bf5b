"""Pages of the own account, of posts, people and units."""

from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas.pages import imports
from qipan.foundation.posts.rules import PostKind, UnitKind

imports.KINDS.update({**dict(UnitKind.choices), **dict(PostKind.choices)})
# What the page of imports calls the columns of units and posts.
imports.FIELDS.update(
    {
        "short_name": _("Short name"),
        "area_id": _("Area"),
        "contact_text": _("Contact"),
        "valid_to": _("Until"),
        "head": _("Leads the unit"),
        "phone": _("Duty telephone"),
        "email": _("E-mail"),
    }
)

NAVIGATION = [
    {"label": _("Posts"), "url_name": "posts_list", "group": "district", "order": 30, "icon": "people"},
    {"label": _("Units"), "url_name": "units_list", "group": "district", "order": 31, "icon": "building"},
    {
        "label": _("People"),
        "url_name": "people_list",
        "group": "system",
        "order": 10,
        "icon": "person",
        "ability": "posts.administer",
    },
    {
        "label": _("Sign-in"),
        "url_name": "posts_sign_in",
        "group": "system",
        "order": 20,
        "icon": "key",
        "ability": "posts.sign_in_rules",
    },
]
