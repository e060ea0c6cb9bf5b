"""Names for people who do not exist.

A name is a surname, one of the ten heavenly stems (甲 to 癸, as 某甲 and 某乙 in examples) and a closing syllable: it
reads like a name and shows at once that it was made. Telephone numbers begin with 154, which no network was given.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

SURNAMES = (
    "张王李刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭"
    "陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
STEMS = "甲乙丙丁戊己庚辛壬癸"
CLOSINGS = "安柏辰澄初谷禾和嘉简景可澜乐林明沐宁朴起青清仁若森书舒朔思松溪晓昕星言一以远云知致舟子川帆峰谦坤岩"
COMBINATIONS = len(SURNAMES) * len(STEMS) * len(CLOSINGS)


def name(number: int) -> str:
    """The name number `number`; names repeat after COMBINATIONS of them."""
    number %= COMBINATIONS
    rest, closing = divmod(number, len(CLOSINGS))
    surname, stem = divmod(rest, len(STEMS))
    return SURNAMES[surname] + STEMS[stem] + CLOSINGS[closing]


def distinct(draw: random.Random) -> Iterator[str]:
    """Every name once, in an order that `draw` decides."""
    order = list(range(COMBINATIONS))
    draw.shuffle(order)
    return map(name, order)


def phone(draw: random.Random) -> str:
    """A number in the form of a mobile one that cannot belong to anybody."""
    return f"154{draw.randrange(10**8):08d}"
