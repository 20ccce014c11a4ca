"""Masks 脱敏: how much of a person is shown to staff who need not know more. Made at intake, and read from then on.

A name keeps its surname (the two-character ones whole) and always two stars, so that its length tells nothing; a name
of one character, or one that is no word, keeps nothing. A foreign name keeps its first letter. A mobile number keeps
three digits and four, a landline its area code and the last three, a foreign number its first two and at most the last
three, with four hidden at least. What an anonymous reporter left is not shown at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chalicelib.domain.people import Reporter

_HIDDEN = "**"
_CHINESE_MOBILE = r"\+86(1[3-9][0-9])[0-9]{4}([0-9]{4})"
_CHINESE_LANDLINE = r"\+86(10|2[0-9]|[3-9][0-9]{2})[0-9]{4,}([0-9]{3})"
_MOST_SHOWN_AT_END, _LEAST_HIDDEN = 3, 4

_OF_TWO_CHARACTERS = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 "
    "公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 "
    "拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 公户 公玉 公仪 梁丘 公仲 公上 公门 公山 公坚 左丘 公伯 "
    "西门 公祖 第五 公乘 贯丘 公皙 南荣 东里 东宫 仲长 子书 子桑 即墨 达奚 褚师 纳兰 歐陽 司馬 東方 南宮 諸葛 尉遲 "
    "赫連 澹臺 濮陽 公孫 鍾離 長孫 軒轅"
)
_SURNAMES = frozenset(_OF_TWO_CHARACTERS.split())


class Masked(NamedTuple):
    """What is shown of a reporter: `王**`, `138****0000`; None for what was not left, or is not shown."""

    name: str | None = None
    phone: str | None = None


def masked(who: Reporter) -> Masked:
    if who.anonymous:
        return Masked()
    return Masked(masked_name(who.name) if who.name else None, masked_phone(who.phone) if who.phone else None)


def masked_name(name: str) -> str:
    first = name.strip()[:1]
    if not first.isalpha() or len(name.strip()) < 2:
        return _HIDDEN
    surname = name.strip()[:2]
    return (surname if surname in _SURNAMES and len(name.strip()) > 2 else first) + _HIDDEN


def masked_phone(number: str) -> str:
    """A number in E.164 form, as those see it who need not call it."""
    if mobile := re.fullmatch(_CHINESE_MOBILE, number):
        return f"{mobile[1]}****{mobile[2]}"
    if landline := re.fullmatch(_CHINESE_LANDLINE, number):
        return f"0{landline[1]}****{landline[2]}"
    at_end = max(0, min(_MOST_SHOWN_AT_END, len(number) - len("+00") - _LEAST_HIDDEN))
    return f"{number[:3]}****{number[len(number) - at_end :]}"
