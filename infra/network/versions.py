"""Taking a version back before its day."""

from __future__ import annotations

from collections.abc import Callable

from infra.network.known import known_network
from infra.network.table import ReferenceTable


class CannotWithdraw(ValueError):
    """Only the newest version can be taken back, and only before it is in force."""


def withdraw(table: ReferenceTable, version: str, today: str, about_to: Callable[[], None] = lambda: None) -> None:
    """Makes the newest version, which is not in force yet, count no more. Its rows stay, and count for nothing.

    Only the newest: a later one says but what it changes of the one before it. `about_to` is called when nothing stands
    against it, right before. Raises CannotWithdraw, ImportUnderWay.
    """
    known = known_network(table)
    if not known.versions or known.versions[-1].id != version:
        newest = known.versions[-1].id if known.versions else "none"
        raise CannotWithdraw(f"{version} 不是最新版本（{newest}）/ is not the newest version, which is {newest}")
    if known.versions[-1].from_day <= today:
        raise CannotWithdraw(f"{version} 已于 {known.versions[-1].from_day} 生效 / is in force")
    remaining = known.versions[:-1]
    label = known.lists[remaining[-1].id].members.get("label") if remaining else None
    about_to()
    table.withdraw(known.versions, remaining, str(label or ""))
