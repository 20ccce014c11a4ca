"""How good the matcher is on pairs of reports, and the fitting of its weights.

python -m tests.same_matter seen    the pack's weights on the pairs of a file: precision, recall, what is missed
python -m tests.same_matter fit     weights fitted to the pairs that were learnt from, and what cross-validation says
"""

from __future__ import annotations

import argparse

from tests.same_matter.fitting import Learnt
from tests.same_matter.measuring import Scored, measured, pairs, policy, scored

_READ = 110


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", help="fit, or the name of a file of pairs")
    asked = parser.parse_args().what
    rules = policy().same_matter
    if asked != "fit":
        found = scored(pairs(asked), rules)
        _tell(asked, found)
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


def _tell_misses(found: Scored) -> None:
    rules = policy().same_matter
    for pair, told_of in sorted(found, key=lambda each: -(each[1].value if each[1] else 0)):
        value = told_of.value if told_of else 0.0
        if (value >= rules.offered) != pair.same:
            what = "offered wrongly" if value < rules.automatic else "JOINED WRONGLY"
            why = ", ".join(told_of.why[:6]) if told_of else "no candidate"
            print(f"{value:.2f} {'missed' if pair.same else what}: {pair.id} ({why})\n     {pair.said[:_READ]}")


if __name__ == "__main__":
    main()
