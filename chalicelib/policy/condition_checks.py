"""That what a row of a policy pack holds for is there: the kinds, categories and other words it names, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from chalicelib.policy.schema import CategoryPart, KindPart

if TYPE_CHECKING:
    from chalicelib.policy.reader import Entry, Fault, PackText
    from chalicelib.policy.schema import PanelPart, ViewPart

Named = tuple[str, Collection[str], Collection[str], str]
"""The key of a row, what it names, what there is, and what one of those is called."""


def check_conditions(
    entry: Entry[PanelPart] | Entry[ViewPart], text: PackText, whose: str, more: tuple[Named, ...] = ()
) -> Iterator[Fault]:
    """What a row names besides its kinds and categories is in `more`; a category must be of one of its kinds."""
    row = entry.part
    for key, named, known, what in (
        ("kinds", row.kinds, text.ids(KindPart), "kind"),
        ("categories", row.categories, text.ids(CategoryPart), "category"),
        *more,
    ):
        for each, number in Counter(named).items():
            if each not in known:
                yield entry.fault(key, f"unknown {what} {each!r}")
            elif number > 1:
                yield entry.fault(key, f"{what} {each!r} is named twice")
    of_kinds = {f"categories/{kind}.toml" for kind in row.kinds}
    for category in row.categories:
        files = text.declared.get(CategoryPart, {}).get(category)
        if of_kinds and files and not of_kinds & set(files):
            yield entry.fault("categories", f"category {category!r} is of none of the {whose}'s kinds")
