"""The document of the procedures says what the pack says."""

from __future__ import annotations

import re

from chalicelib.policy.procedures import procedures_of, states_moves
from chalicelib.policy.reader import read_pack
from infra import procedures


def test_the_document_is_what_the_generator_writes() -> None:
    assert procedures.DOCUMENT.read_text("utf-8") == procedures.document(), "python -m infra.procedures"


def test_every_way_of_every_procedure_is_an_arrow_with_its_actions() -> None:
    for whole in procedures_of(read_pack(procedures._PACK)).values():
        drawn = procedures.diagram(whole)
        nodes = dict(re.findall(r'state "(.+)" as (\w+)', drawn))
        arrows = {(at, to): label for at, to, label in re.findall(r"(\w+) --> (\w+) : (.+)", drawn)}
        assert list(nodes) == [entry.part.zh for entry in whole.states.values()]
        for at, to, action in states_moves(whole):
            label = arrows[nodes[whole.states[at].part.zh], nodes[whole.states[to].part.zh]]
            assert whole.actions[action].part.zh in label.split("、") if action else "自动" in label
