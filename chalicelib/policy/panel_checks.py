"""That panels, dockings and ways of settling of a policy pack name what there is, and that there always is a panel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.policy.condition_checks import check_conditions
from chalicelib.policy.schema import DockingPart, PanelPart, UnitPart, WayPart

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
        yield from check_conditions(entry, text, "panel")
    yield from _order(text.all(PanelPart), whole=len(text.all(PanelPart)) == len(text.ids(PanelPart)))
    for docking in text.all(DockingPart):
        if docking.part.unit and docking.part.unit not in text.ids(UnitPart):
            yield docking.fault("unit", f"unknown unit {docking.part.unit!r}")


def _order(panels: list[Entry[PanelPart]], *, whole: bool) -> Iterator[Fault]:
    """The last row holds always, and no row stands behind one that does. `whole`: no row is missing, misshapen."""
    for entry in panels[:-1]:
        if not entry.part.kinds and not entry.part.categories:
            yield entry.fault("categories", "holds always, so no row behind it is ever reached")
    if whole and panels and (panels[-1].part.kinds or panels[-1].part.categories):
        yield panels[-1].fault("categories", "the last row must hold always, or some matters would find no panel")
