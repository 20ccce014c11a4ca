"""How good the matcher is on pairs of reports, and the fitting of its weights.

python -m tests.same_matter seen    the pack's weights on the pairs of a file: precision, recall, what is missed, as
                                the tables of docs/same-matter.md have it
python -m tests.same_matter fit     weights fitted to the pairs that were learnt from, and what cross-validation says
"""

from __future__ import annotations

import argparse

from tests.same_matter.fitting import Learnt
from tests.same_matter.measuring import Scored, measured, pairs, policy, scored

_READ = 110
_MISSES = ("Not of one matter, and joined", "Of one matter, and not offered", "Not of one matter, and offered")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", help="fit, or the name of a file of pairs")
    asked = parser.parse_args().what
    rules = policy().same_matter
    if asked != "fit":
        found = scored(pairs(asked), rules)
        _tell(asked, found)
        _tell_row(asked, found)
        _tell_misses(found)
        return
    learnt = Learnt(rules)
    _tell("cross-validated", learnt.cross_validated())
    _tell("cross-validated, a third of the words left out", learnt.cross_validated(fewer=101))
    print("\n[weights]")
    print("\n".join(f"{name} = {weight}" for name, weight in learnt.weights().items()))


def _tell(name: str, found: Scored) -> None:
    figures = measured(found, policy().same_matter)
    print(f"{name}: {figures.pairs} pairs, {figures.same} of one matter")
    for what, figure in figures.by_name.items():
        print(f"  {what} {figure:.3f}")
    print(f"  joined {figures.automatic}, joined or offered {figures.offered}")


def _tell_row(name: str, found: Scored) -> None:
    """The line of the table of figures in docs/same-matter.md."""
    told = measured(found, policy().same_matter)
    shares = told.by_name
    print(
        f"\n| `{name}`, {told.pairs} pairs | {shares['precision at automatic']:.1%}"
        f" ({told.automatic_right} of {told.automatic}) | {shares['recall at automatic']:.1%}"
        f" | {shares['precision at offered']:.1%} | {shares['recall at offered']:.1%}"
        f" ({told.offered_right} of {told.same}) |"
    )


def _tell_misses(found: Scored) -> None:
    """As tables, with what was compared; then their texts, to be read."""
    rules = policy().same_matter
    ranked = sorted(found, key=lambda each: -(each[1].value if each[1] else 0))
    missed: dict[str, Scored] = {what: [] for what in _MISSES}
    for pair, told_of in ranked:
        value = told_of.value if told_of else 0.0
        if not pair.same and value >= rules.offered:
            missed[_MISSES[2] if value < rules.automatic else _MISSES[0]].append((pair, told_of))
        elif pair.same and value < rules.offered:
            missed[_MISSES[1]].append((pair, told_of))
    for what, pairs_missed in missed.items():
        print(f"\n{what}:\n\n| pair | score | what was compared |\n|---|---:|---|")
        for pair, told_of in pairs_missed:
            value, why = (told_of.value, ", ".join(told_of.why[:6])) if told_of else (0.0, "no candidate")
            print(f"| {pair.id} | {value:.2f} | {why} |")
    for what in _MISSES:
        for pair, _ in missed[what]:
            print(f"\n{pair.id} ({what.lower()})\n  {pair.said[:_READ]}")


if __name__ == "__main__":
    main()
