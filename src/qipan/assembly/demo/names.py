"""Names of premises and points that could stand anywhere: made of words, never of a person's name."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import numpy as np

ONE = "宏鑫瑞恒祥盛泰福顺隆丰裕嘉源华兴正通德信"
TWO = "达盛丰和源通旺利泰昌发荣安茂成康业隆林景"
INDUSTRIES = (
    "建材有限公司", "机械制造有限公司", "物流有限公司", "商贸有限公司", "农业科技有限公司", "环保科技有限公司",
    "食品有限公司", "装饰工程有限公司", "汽车服务有限公司", "耐火材料厂", "包装有限公司", "铸造厂", "粮油加工厂",
    "再生资源有限公司", "建筑劳务有限公司", "电子有限公司", "面粉厂", "新能源有限公司", "仓储有限公司",
    "种植专业合作社", "养殖专业合作社",
)  # fmt: skip
INSTITUTIONS = (
    "卫生室", "便民服务站", "文化活动中心", "日间照料中心", "警务室", "邮政服务点", "农技服务站", "社区服务中心",
    "敬老院", "供水站", "变电所", "垃圾中转站", "消防站", "法律服务站", "图书室",
)  # fmt: skip
SCHOOLS = ("小学", "幼儿园", "第二小学", "中心幼儿园", "教学点", "初级中学", "第二幼儿园", "实验小学")
SHOPS = (
    "超市", "五金店", "饭店", "早餐店", "药店", "理发店", "便利店", "水果店", "电动车行", "手机店", "烟酒店",
    "服装店", "快餐店", "面馆", "烩面馆", "家电维修部", "粮油店", "农资店", "熟食店", "文具店", "花店", "洗车行",
    "打印店", "洗衣店", "烧烤店", "蔬菜店", "浴池", "建材店", "家具店", "轮胎店",
)  # fmt: skip
POINTS = {
    "device": "前端设备", "village-device": "村级前端", "control-device": "疫情防控前端", "booth": "采样亭",
    "gate": "卡口", "shelter": "应急避难场所", "hydrant": "消火栓", "service": "便民服务点",
}  # fmt: skip
POINT_CODES = {"village-device": "VD", "control-device": "CD"}


def premises(kind: str, village: str, township: str, taken: AbstractSet[str], random: np.random.Generator) -> str:
    """A name for premises of a kind in a village, none of those already taken there."""
    for attempt in range(200):
        name = _premises(kind, village, township, random)
        if name not in taken:
            return name
        if attempt > 40:  # a village with more schools than there are words for them numbers them
            return (
                f"{name}（{attempt - 39}）" if f"{name}（{attempt - 39}）" not in taken else name + f"（{len(taken)}）"
            )
    raise AssertionError("unreachable")


def point(kind: str, village: str, number: int) -> str:
    return f"{village}{POINTS[kind]}{number:03}"


def _premises(kind: str, village: str, township: str, random: np.random.Generator) -> str:
    place = village.removesuffix("社区") if village.endswith("社区") and kind in {"school", "shop"} else village
    if kind == "institution":
        return f"{village}{_pick(INSTITUTIONS, random)}"
    if kind == "school":
        return f"{place}{_pick(SCHOOLS, random)}"
    brand = _pick(ONE, random) + _pick(TWO, random)
    if kind == "enterprise":
        town = township.removesuffix("街道").removesuffix("镇").removesuffix("乡")
        return f"{town}{brand}{_pick(INDUSTRIES, random)}"
    return f"{brand}{_pick(SHOPS, random)}（{place}店）"


def _pick(words: str | tuple[str, ...], random: np.random.Generator) -> str:
    return words[int(random.integers(len(words)))]
