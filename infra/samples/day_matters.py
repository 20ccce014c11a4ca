"""Matters of a day that several people tell of, each in other words and over another system; and what looks like them.

`{place}` is a compound, `{b}` a building, `{u}` an entrance of it, `{other_b}` and `{other_u}` others. Each says which
entrance it is about: of what is told less exactly a person decides, not the system (docs/same-matter.md).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Edge = Literal["mobile", "sms", "hotline", "web"]


class Planted(NamedTuple):
    """`told`: one matter, by edge and words. `alike`: other matters, each told once."""

    category: str
    told: tuple[tuple[Edge, str], ...]
    alike: tuple[tuple[Edge, str], ...]


PLANTED: tuple[Planted, ...] = (
    Planted(
        "lift-failure",
        (
            ("mobile", "{place}{b}号楼{u}单元电梯停运，已联系维保单位，请派单督办"),
            ("sms", "俺这{place}{b}号楼{u}单元电梯又坏了，老太太下不来楼"),
            ("hotline", "来电人反映{place}{b}栋{u}单元电梯故障，已停用半天，要求尽快维修。"),
            ("web", "{place}{b}号楼{u}单元的电梯坏了，天天爬楼受不了"),
            ("web", "电梯坏了没人修！{place}{b}#{u}单元，家里有坐轮椅的老人"),
        ),
        (
            ("sms", "{place}{b}号楼{other_u}单元电梯坏了，老人下不来楼"),
            ("web", "{place}{other_b}号楼{u}单元的电梯坏了，天天爬楼受不了"),
            ("hotline", "来电人反映{place}{b}号楼{u}单元楼道堆满纸箱，要求清理。"),
        ),
    ),
    Planted(
        "sewer-blocked",
        (
            ("mobile", "巡查发现{place}{b}号楼{u}单元下水道堵塞，污水冒出"),
            ("sms", "{place}{b}号楼{u}单元下水道堵了，粪水往外冒，臭死了"),
            ("hotline", "市民来电称{place}{b}号楼{u}单元下水道堵塞，污水外溢，要求疏通。"),
            ("web", "{place}{b}号楼{u}单元下水道又堵了，一楼污水漫出来没法走"),
        ),
        (
            ("web", "{place}{b}号楼{other_u}单元下水道堵了，污水往外冒"),
            ("sms", "{place}{other_b}号楼{u}单元下水道堵了，污水往外冒"),
        ),
    ),
    Planted(
        "gas-leak",
        (
            ("hotline", "来电人称{place}{b}号楼{u}单元楼道煤气味很重，怀疑燃气泄漏。"),
            ("sms", "{place}{b}号楼{u}单元有煤气味，怕是漏气了，快来人"),
            ("mobile", "{place}{b}号楼{u}单元疑似燃气泄漏，楼道气味明显"),
            ("web", "{place}{b}号楼{u}单元楼道里煤气味很大，是不是燃气漏了"),
        ),
        (
            ("sms", "{place}{other_b}号楼{u}单元有煤气味，怕是漏气了"),
            ("mobile", "{place}{b}号楼{other_u}单元疑似燃气泄漏，楼道气味明显"),
        ),
    ),
    Planted(
        "water-supply",
        (
            ("web", "{place}{b}号楼{u}单元停水了，家里没水用"),
            ("mobile", "{place}{b}号楼{u}单元停水，住户家中没水"),
            ("hotline", "市民反映{place}{b}号楼{u}单元停水，要求尽快处理。"),
            ("sms", "{place}{b}号楼{u}单元停水了，俺家没水"),
        ),
        (
            ("web", "{place}{b}号楼{u}单元楼道堆满纸箱，人都走不过去"),
            ("hotline", "市民反映{place}{b}号楼{u}单元暖气不热，要求尽快处理。"),
        ),
    ),
)
