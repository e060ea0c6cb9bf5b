"""The categories a new district starts with. It edits them as its own; the classes' limits hold where none is given."""

from __future__ import annotations

from datetime import date
from typing import Any

from qipan.foundation.areas.models import Area, Level
from qipan.incidents.models import Category
from qipan.incidents.rules.classes import Klass, check_limits, hours, minutes, working_days, working_hours
from qipan.kernels.ids import new_id

H, D, R, C, F = Klass.HAZARD, Klass.DISPUTE, Klass.HELP, Klass.CITY, Klass.FACILITY
PHOTO = "处置前后对照，供核查员判断是否消除"
STAGED = [
    {"name": "停工", **working_hours(4)},
    {"name": "立案处罚", **working_days(7)},
    {"name": "拆除", **working_days(20)},
]

# (class, key, Chinese name, English name, what differs from the class)
CATEGORIES: tuple[tuple[Klass, str, str, str, dict[str, Any]], ...] = (
    (H, "gas", "燃气隐患", "Gas hazard", {"urgent_default": True}),
    (H, "fire-exit", "消防通道堵塞", "Blocked fire exit", {"limits": {"handle": working_days(3)},
      "photo_reason": PHOTO}),
    (H, "electric", "用电隐患", "Electrical hazard", {}),
    (H, "ebike", "电动车违规充电", "E-bikes charged where forbidden", {"limits": {"handle": working_days(3)}}),
    (H, "building", "房屋安全隐患", "Unsafe building", {}),
    (H, "site", "工地安全隐患", "Hazard on a building site", {"limits": {"handle": working_days(5)}}),
    (H, "enterprise", "企业生产安全隐患", "Hazard in an enterprise", {}),
    (H, "water-edge", "临水安全隐患", "Unguarded water's edge", {}),
    (H, "flood", "汛期隐患", "Flood-season hazard", {"urgent_default": True}),
    (H, "school-road", "校园周边隐患", "Hazard around a school", {"limits": {"handle": working_days(5)}}),
    (D, "neighbours", "邻里纠纷", "Neighbours", {}),
    (D, "family", "婚姻家庭纠纷", "Marriage and family", {}),
    # No dispute: nobody mediates here. The victim asks for help, and chooses whose.
    (R, "violence", "家庭暴力", "Domestic violence",
     {"private": True, "hidden_from_village": True, "never_mediated": True, "urgent_default": True,
      "on_lists": [Level.TOWNSHIP.value],
      "limits": {"urgent_accept": minutes(10), "urgent_dispatch": minutes(10), "urgent_handle": hours(24)}}),
    (D, "land", "宅基地与土地纠纷", "House plots and land", {}),
    (D, "wages", "劳动报酬纠纷", "Unpaid wages", {}),
    (D, "property", "物业纠纷", "Property management", {}),
    (D, "consumer", "消费纠纷", "Consumers", {}),
    (D, "injury", "损害赔偿纠纷", "Compensation for injury", {}),
    (R, "water", "供水问题", "Water supply", {"limits": {"dispatch": hours(2), "handle": hours(24)}}),
    (R, "power", "供电问题", "Power supply", {"limits": {"dispatch": hours(2), "handle": hours(24)}}),
    (R, "heat", "供暖问题", "Heating", {"limits": {"dispatch": hours(2), "handle": hours(24)}}),
    (R, "gas-supply", "供气问题", "Gas supply", {"limits": {"dispatch": hours(2), "handle": hours(24)}}),
    (R, "medicine", "看病用药", "Doctor and medicine", {"urgent_default": True}),
    (R, "elderly", "老人求助", "Help for the old", {}),
    (R, "disability", "残疾人求助", "Help for the disabled", {}),
    (R, "livelihood", "生活困难救助", "Hardship", {}),
    (R, "policy", "政策咨询", "Question about a policy", {}),
    (R, "noise", "噪音扰民", "Noise", {}),
    (R, "river", "河道水环境", "Rivers and water quality", {}),
    (C, "rubbish", "垃圾堆放", "Rubbish", {"photo_reason": PHOTO}),
    (C, "street-trade", "占道经营", "Street trading", {}),
    (C, "posters", "乱贴乱画", "Posters and graffiti", {"photo_reason": PHOTO}),
    (C, "illegal-building", "违法建设", "Illegal building", {"stages": STAGED}),
    (C, "dust", "扬尘污染", "Dust", {"limits": {"handle": working_hours(4)}}),
    (C, "parking", "车辆乱停放", "Parking", {}),
    (C, "straw", "秸秆与垃圾焚烧", "Burning of straw or rubbish", {"urgent_default": True}),
    (C, "dead-animal", "动物尸体", "Dead animal", {"limits": {"handle": working_hours(4)}}),
    (F, "manhole", "井盖缺失破损", "Manhole cover missing or broken", {"urgent_default": True, "photo_reason": PHOTO}),
    (F, "street-light", "路灯故障", "Street lamp", {}),
    (F, "road", "道路破损", "Road damage", {"limits": {"handle": working_days(7)}}),
    (F, "pipe", "管道跑冒", "Burst pipe", {"urgent_default": True}),
    (F, "tree", "树木倒伏", "Fallen tree", {}),
    (F, "fitness", "健身设施损坏", "Playground or fitness equipment", {}),
    (F, "traffic-sign", "交通标志设施损坏", "Traffic sign", {}),
    (Klass.PETITION, "petition", "信访事项", "Petition", {"public": False}),
    (Klass.PETITION, "accusation", "检举控告", "Accusation", {"public": False}),
    (Klass.HEALTH, "cluster", "聚集性症状", "Cluster of symptoms", {"urgent_default": True}),
    (Klass.HEALTH, "food", "疑似食物中毒", "Suspected food poisoning", {"urgent_default": True}),
    (Klass.EMERGENCY, "accident", "安全生产事故", "Industrial accident", {"urgent_default": True}),
    (Klass.EMERGENCY, "casualties", "伤亡事故", "Accident with casualties", {"urgent_default": True, "public": False}),
    (Klass.EMERGENCY, "fire", "火情", "Fire", {"urgent_default": True}),
    (Klass.EMERGENCY, "disaster", "自然灾害", "Natural disaster", {"urgent_default": True}),
    (Klass.POLICE, "police", "治安线索", "Police matter", {"public": False, "urgent_default": True}),
    (Klass.POLICE, "case", "刑事或重大治安案件", "Criminal or major public-order case", {"public": False}),
    (Klass.DEVICE, "alarm", "设备告警", "Device alarm", {"public": False}),
)  # fmt: skip


def categories(district: Area, *, since: date) -> list[Category]:
    """The default categories of a district, not saved."""
    found = []
    for order, (klass, key, name, name_en, own) in enumerate(CATEGORIES):
        check_limits(klass, own.get("limits", {}))
        found.append(
            Category(id=new_id(), district=district, key=key, klass=klass, name=name, name_en=name_en,
                     valid_from=since, order=order, **own)
        )  # fmt: skip
    return found


def load(district: Area, *, since: date) -> list[Category]:
    """Give a district the default categories that it does not have yet."""
    have = set(Category.objects.filter(district=district, valid_to=None).values_list("key", flat=True))
    return Category.objects.bulk_create(
        [category for category in categories(district, since=since) if category.key not in have]
    )
