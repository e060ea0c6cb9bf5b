"""The checklists a new district starts with, one for each kind of premises; it edits them as its own."""

from __future__ import annotations

from datetime import date

from qipan.foundation.areas.models import Area, PremisesKind
from qipan.inspections.models import Checklist, Item
from qipan.kernels.ids import new_id

FIRE = ("消防通道、安全出口畅通", "Fire exits and passages are clear", "fire-exit")
POWER = ("电气线路无私拉乱接、无老化", "Wiring is neither improvised nor worn out", "electric")
EBIKE = ("电动车未在楼道停放充电", "No e-bikes are parked or charged in stairways", "ebike")
GAS = ("燃气设施完好，报警器有效", "Gas fittings are sound and the alarm works", "gas")
BUILDING = ("房屋无倾斜、开裂等险情", "The building does not lean or crack", "building")
WATER = ("临水区域有围栏和警示", "Water's edge is fenced and marked", "water-edge")
MANHOLE = ("井盖齐全完好", "Manhole covers are in place and whole", "manhole")
RUBBISH = ("垃圾日产日清，无堆放", "Rubbish is taken away daily", "rubbish")
DISPUTES = ("无未化解的矛盾纠纷", "No dispute is left unresolved", "neighbours")
FLOOD = ("排水通畅，汛期有人值守", "Drains run free; somebody is on watch in the flood season", "flood")

CHECKLISTS: dict[PremisesKind, tuple[str, str, tuple[tuple[str, str, str], ...]]] = {
    PremisesKind.VILLAGE: ("村庄排查表", "Village", (FIRE, POWER, GAS, BUILDING, WATER, FLOOD, MANHOLE, DISPUTES)),
    PremisesKind.COMMUNITY: ("社区排查表", "Community", (FIRE, EBIKE, GAS, BUILDING, MANHOLE, RUBBISH, DISPUTES)),
    PremisesKind.ENTERPRISE: (
        "企业排查表", "Enterprise",
        (FIRE, POWER, GAS, ("安全生产责任制、培训台账齐全", "Safety duties are on record", "enterprise"),
         ("特种设备在检验有效期内", "Special equipment is within its inspection date", "enterprise"),
         ("无拖欠工资", "No wages are owed", "wages")),
    ),
    PremisesKind.INSTITUTION: ("事业单位排查表", "Institution", (FIRE, POWER, BUILDING, EBIKE)),
    PremisesKind.SCHOOL: (
        "学校排查表", "School",
        (FIRE, POWER, BUILDING, ("食堂食品留样、证照齐全", "The canteen keeps samples and licences", "food"),
         ("校门口交通秩序和防撞设施良好", "The gate is safe from traffic", "school-road")),
    ),
    PremisesKind.SHOP: (
        "沿街商铺排查表", "Shop", (FIRE, POWER, GAS, EBIKE, ("无占道经营", "No street trading", "street-trade"))),
}  # fmt: skip


def load(district: Area, *, since: date) -> list[Checklist]:
    """Give a district the default checklists that it does not have yet."""
    new = []
    have = set(Checklist.objects.filter(district=district, valid_to=None).values_list("kind", flat=True))
    for kind, (name, name_en, lines) in CHECKLISTS.items():
        if kind in have:
            continue
        made = Checklist.objects.create(id=new_id(), district=district, kind=kind, name=name, name_en=name_en,
                                        valid_from=since)  # fmt: skip
        Item.objects.bulk_create(
            Item(id=new_id(), checklist=made, order=order, text=text, text_en=text_en, category_key=key)
            for order, (text, text_en, key) in enumerate(lines)
        )
        new.append(made)
    return new
