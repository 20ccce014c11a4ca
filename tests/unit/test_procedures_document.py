"""The document of the procedures says what the pack says."""

from __future__ import annotations

import re

from chalicelib.policy.procedures import procedures_of, states_moves
from chalicelib.policy.reader import read_pack
from chalicelib.policy.schema import limit_of
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


def test_what_few_clocks_and_actions_have_is_in_their_rows() -> None:
    text = read_pack(procedures._PACK)
    whole = procedures_of(text)["dispute"]
    window = whole.clocks["objection"].part.model_copy(
        update={"remind_before": limit_of("1 日"), "closes": "over", "cards": {"red": limit_of("3 日")}}
    )
    row = procedures._clock(window, whole, text)
    assert (
        row[1] == "5 日；卡 `red` 3 日" and row[4] == "期满即归档 window, closes as `over`" and row[5] == "届满前 1 日"
    )
    action = whole.actions["transfer"].part.model_copy(update={"from_day": True})
    assert "自指明之日起算" in procedures._action(action, whole, text)[5]
