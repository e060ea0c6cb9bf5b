"""Which units the demo district has, and what each is sent: departments, townships' offices, stations, companies."""

from __future__ import annotations

from qipan.foundation.posts.rules import UnitKind
from qipan.incidents.rules.classes import Klass

D, S, C = UnitKind.DEPARTMENT, UnitKind.STATION, UnitKind.COMPANY

# (code, kind, name, how many handlers, categories or classes that go there from the whole district)
DISTRICT_UNITS: tuple[tuple[str, UnitKind, str, int, tuple[str, ...]], ...] = (
    ("CG", D, "区城市管理局", 8, ("street-light", "manhole", "fitness", "posters", "dust", Klass.FACILITY)),
    ("ZJ", D, "区住房和城乡建设局", 6, ("building", "site", "property")),
    ("YJ", D, "区应急管理局", 6, (Klass.EMERGENCY, "enterprise", Klass.HAZARD, Klass.DEVICE)),
    ("XF", S, "区消防救援大队", 4, ("fire-exit", "ebike", "fire")),
    ("GA", D, "公安分局", 6, ("violence", "traffic-sign", "parking")),
    ("SL", D, "区水利局", 4, ("river", "water-edge", "flood", "disaster")),
    ("ST", D, "区生态环境分局", 4, ("noise", "straw")),
    ("ZR", D, "区自然资源局", 3, ("illegal-building", "land")),
    ("JT", D, "区交通运输局", 4, ("road",)),
    ("NY", D, "区农业农村局", 3, ("dead-animal",)),
    ("MZ", D, "区民政局", 4, ("elderly", "livelihood")),
    ("CL", D, "区残疾人联合会", 2, ("disability",)),
    ("RS", D, "区人力资源和社会保障局", 4, ("wages",)),
    ("WJ", D, "区卫生健康委员会", 5, (Klass.HEALTH, "medicine")),
    ("YB", D, "区医疗保障局", 2, ()),
    ("JY", D, "区教育局", 3, ("school-road",)),
    ("SC", D, "区市场监督管理局", 5, ("consumer", "food")),
    ("SF", D, "区司法局", 4, (Klass.DISPUTE, "injury")),
    ("XZ", D, "区信访局", 4, (Klass.PETITION,)),
    ("JW", D, "区纪律检查委员会信访室", 2, ("accusation",)),
    ("FG", D, "区发展和改革委员会", 2, ("gas",)),
    ("SW", D, "区商务局", 2, ()),
    ("LY", D, "区林业和园林局", 3, ("tree",)),
    ("FL", D, "区妇女联合会", 2, ("family",)),
    ("ZW", D, "区政务服务局", 3, ("policy", Klass.HELP)),
    ("C1", C, "供水公司", 4, ("water", "pipe")),
    ("C2", C, "供电公司", 4, ("power", "electric")),
    ("C3", C, "热力公司", 3, ("heat",)),
    ("C4", C, "燃气公司", 3, ("gas-supply",)),
    ("C5", C, "环卫公司", 3, ()),
    ("C6", C, "公交公司", 2, ()),
)

# What each township deals with itself: (suffix of the unit's code, ending of its name, kind, handlers, what goes there)
TOWNSHIP_UNITS: tuple[tuple[str, str, UnitKind, int, tuple[str, ...]], ...] = (
    ("B", "人民政府", UnitKind.TOWNSHIP, 3, ("neighbours", "livelihood", "elderly", "ebike", "electric")),
    ("Z", "综合行政执法队", UnitKind.TEAM, 2, (Klass.CITY, "rubbish", "street-trade", "posters", "parking")),
    ("P", "派出所", S, 2, ()),
)
