"""That panels, dockings and ways of settling of a policy pack name what there is, and that there always is a panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.policy.schema import CategoryPart, DockingPart, KindPart, PanelPart, UnitPart, WayPart

if TYPE_CHECKING:
    from chalicelib.policy.reader import Entry, Fault, PackText


def check_panels(text: PackText) -> Iterator[Fault]:
    """Every disagreement of `panel.toml` with the rest of the pack, or with itself."""
    from chalicelib.policy.reader import Fault

    if not text.ids(PanelPart):
        yield Fault("panel.toml", "panel", "there is none: a matter would find no panel")
    ways = text.all(WayPart)
    if len(ways) == len(text.ids(WayPart)) and not any(way.part.other for way in ways):
        yield Fault("panel.toml", "way", "none is `other`: nothing could be named when a mediation failed")
    for entry in text.all(PanelPart):
        yield from _conditions(entry, text)
    yield from _order(text.all(PanelPart), whole=len(text.all(PanelPart)) == len(text.ids(PanelPart)))
    for docking in text.all(DockingPart):
        if docking.part.unit and docking.part.unit not in text.ids(UnitPart):
            yield docking.fault("unit", f"unknown unit {docking.part.unit!r}")


def _conditions(entry: Entry[PanelPart], text: PackText) -> Iterator[Fault]:
    panel = entry.part
    for key, named, known, what in (
        ("kinds", panel.kinds, text.ids(KindPart), "kind"),
        ("categories", panel.categories, text.ids(CategoryPart), "category"),
    ):
        for each, number in Counter(named).items():
            if each not in known:
                yield entry.fault(key, f"unknown {what} {each!r}")
            elif number > 1:
                yield entry.fault(key, f"{what} {each!r} is named twice")
    of_kinds = {f"categories/{kind}.toml" for kind in panel.kinds}
    for category in panel.categories:
        files = text.declared.get(CategoryPart, {}).get(category)
        if of_kinds and files and not of_kinds & set(files):
            yield entry.fault("categories", f"category {category!r} is of none of the panel's kinds")


def _order(panels: list[Entry[PanelPart]], *, whole: bool) -> Iterator[Fault]:
    """The last row holds always, and no row stands behind one that does. `whole`: no row is missing, misshapen."""
    for entry in panels[:-1]:
        if not entry.part.kinds and not entry.part.categories:
            yield entry.fault("categories", "holds always, so no row behind it is ever reached")
    if whole and panels and (panels[-1].part.kinds or panels[-1].part.categories):
        yield panels[-1].fault("categories", "the last row must hold always, or some matters would find no panel")
