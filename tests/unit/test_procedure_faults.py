"""Every fault of a pack's procedures is named with its file, its key and its reason, and is the only one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chalicelib.policy.procedure_turns import check_turns
from chalicelib.policy.procedures import check_procedures, procedures_of, states_moves
from chalicelib.policy.reader import read_pack

GULOU = Path(__file__).parents[2] / "chalicelib" / "policy" / "gulou"
COMMON, HAZARD, HOTLINE = (f"procedures/{name}.toml" for name in ("common", "hazard", "hotline"))
ASKS, DELIVERS = 'id = "petition-ask-review"', 'id = "petition-deliver"'
LIVELIHOOD, PETITION, DISPUTE = (f"procedures/{name}.toml" for name in ("livelihood", "petition", "dispute"))
SECURITY = "procedures/security.toml"


def _state(name: str, turn: str = "lead", more: str = "") -> str:
    table = f'[[state]]\nid = "{name}"\nzh = "候"\nen = "Wait"\nopen = true\nturn = "{turn}"\npublic = "候"\n'
    return f"{table}{more}"


def _action(name: str, does: str, states: str, more: str, actors: str = '"lead"') -> str:
    return (
        f'[[action]]\nid = "{name}"\nzh = "做"\nen = "Do"\ndoes = "{does}"\nstates = [{states}]\n'
        f"actors = [{actors}]\n{more}\n"
    )


def _clock(name: str, runs_in: str, more: str) -> str:
    return f'[[clock]]\nid = "{name}"\nzh = "钟"\nen = "Clock"\nruns_in = [{runs_in}]\nlimit = "PT4H"\n{more}\n'


PASS_ON = 'requires = ["unit", "reason"]'
WAIT, GO_ON = _state("waiting"), _action("accept", "accept", '"assigned", "waiting"', 'to = "accepted"')

# what is changed: file, behind what, old, new (old empty: appended) → all faults
FAULTS = {
    "file of another name": (
        (DISPUTE, "", 'id = "dispute"', 'id = "quarrel"'),
        [
            f"{DISPUTE}: id: must be the name of its file, not 'quarrel'",
            f"{DISPUTE}: id: no case goes by it: no use names it, and no procedure extends it",
            "pack.toml: use[2].procedure: unknown procedure 'dispute'",
        ],
    ),
    "use of an unknown procedure": (
        ("pack.toml", "", 'procedure = "security"', 'procedure = "police"'),
        [
            "pack.toml: use[4].procedure: unknown procedure 'police'",
            f"{SECURITY}: id: no case goes by it: no use names it, and no procedure extends it",
        ],
    ),
    "use of an unknown kind": (
        ("pack.toml", 'procedure = "security"', '["security"]', '["security", "crime"]'),
        ["pack.toml: use[4].kinds: unknown kind 'crime'"],
    ),
    "use that is last and does not hold always": (
        ("pack.toml", "", 'procedure = "livelihood"', 'procedure = "livelihood"\nkinds = ["livelihood"]'),
        ["pack.toml: use[6].procedure: the last use must hold always: a matter that is not screened goes by it"],
    ),
    "use that hides those after it": (
        ("pack.toml", "", 'procedure = "population"\nkinds = ["population"]', 'procedure = "population"'),
        ["pack.toml: use[5].procedure: holds always, so that no use after it ever does"],
    ),
    "unknown base": (
        (SECURITY, "", 'extends = "common"', 'extends = "basic"'),
        [f"{SECURITY}: extends: unknown procedure 'basic'"],
    ),
    "chain of bases": (
        (SECURITY, "", 'extends = "common"', 'extends = "hazard"'),
        [f"{SECURITY}: extends: 'hazard' extends another itself"],
    ),
    "base of itself": (
        (LIVELIHOOD, "", 'extends = "common"', 'extends = "livelihood"'),
        [f"{LIVELIHOOD}: extends: 'livelihood' extends another itself"],
    ),
    "drop of a state that is not there": (
        (HAZARD, "", 'states = ["suspended"]', 'states = ["suspended", "waiting"]'),
        [f"{HAZARD}: drop.states: 'common' has no 'waiting'"],
    ),
    "drop of an action that is not there": (
        (SECURITY, "", 'actions = ["delegate"]', 'actions = ["delegate", "arrest"]'),
        [f"{SECURITY}: drop.actions: 'common' has no 'arrest'"],
    ),
    "drop of a clock that is not there": (
        (SECURITY, "", 'clocks = ["suspension"]', 'clocks = ["suspension", "arrest"]'),
        [f"{SECURITY}: drop.clocks: 'common' has no 'arrest'"],
    ),
    "drop of what is extended by nobody": (
        (COMMON, "", 'en = "Common procedure"', 'en = "Common procedure"\n[drop]\nclocks = ["visit"]'),
        [f"{COMMON}: drop: means nothing: it extends no other"],
    ),
    "state that the code counts on": (
        (SECURITY, "", 'states = ["suspended"]', 'states = ["suspended", "screening"]'),
        [f"{SECURITY}: state: state 'screening' is missing, which every procedure needs"],
    ),
    "state that is closed and not the end": (
        (DISPUTE, 'id = "resolved"', "open = true", "open = false"),
        [f"{DISPUTE}: state[resolved].open: only 'closed' is not open"],
    ),
    "action of an unknown state": (
        (DISPUTE, 'id = "mediate"', '["accepted"]', '["acepted"]'),
        [f"{DISPUTE}: action[mediate].states: unknown state 'acepted'"],
    ),
    "action to an unknown state": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\nto = "mediated"'),
        [f"{DISPUTE}: action[mediate].to: unknown state 'mediated'"],
    ),
    "clock counted from the report that an action begins again": (
        (PETITION, 'id = "objection"', "window = true", "window = true\nfrom_report = true"),
        [f"{PETITION}: clock[objection].from_report: means nothing: an action begins it"],
    ),
    "restart of an unknown clock": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\nrestarts = ["rest"]'),
        [f"{DISPUTE}: action[mediate].restarts: unknown clock 'rest'"],
    ),
    "extension of an unknown clock": (
        (
            SECURITY,
            "",
            "",
            _action(
                "request-extension", "request-extension", '"accepted"', 'requires = ["until", "reason"]\nclock = "x"'
            ),
        ),
        [f"{SECURITY}: action[request-extension].clock: unknown clock 'x'"],
    ),
    "unknown window": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\nwithin = "week"'),
        [f"{DISPUTE}: action[mediate].within: unknown clock 'week'"],
    ),
    "clock of an unknown state": (
        (HOTLINE, 'id = "respond"', '["assigned", "accepted"]', '["assigned", "acepted"]'),
        [f"{HOTLINE}: clock[respond].runs_in: unknown state 'acepted'"],
    ),
    "clock met by an unknown action": (
        (HOTLINE, 'id = "respond"', '["contact"]', '["call"]'),
        [f"{HOTLINE}: clock[respond].met_by: unknown action 'call'"],
    ),
    "clock met by an act that is more than a step": (
        (HOTLINE, 'id = "respond"', '["contact"]', '["suspend"]'),
        [f"{HOTLINE}: clock[respond].met_by: 'suspend' is no step that is only noted"],
    ),
    "nowhere to go": (
        (HAZARD, 'id = "send-back"', 'to = "accepted"\n', ""),
        [f"{HAZARD}: action[send-back].to: is missing: 'send-back' leads to a state"],
    ),
    "somewhere to go, which is not for the pack to say": (
        (
            PETITION,
            "",
            "",
            _action("withdraw", "withdraw", '"screening"', 'to = "closed"\nrequires = ["reason"]', '"submitter"'),
        ),
        [f"{PETITION}: action[withdraw].to: means nothing: where 'withdraw' leads is not for the pack to say"],
    ),
    "what an act needs is not required": (
        (DISPUTE, 'id = "transfer"', '["unit", "reason"]', '["reason"]'),
        [f"{DISPUTE}: action[transfer].requires: 'transfer' needs 'unit'"],
    ),
    "extension without a clock": (
        (
            SECURITY,
            "",
            "",
            _action("request-extension", "request-extension", '"accepted"', 'requires = ["until", "reason"]'),
        ),
        [
            f"{SECURITY}: action[request-extension].clock: is the clock that an extension is asked for, or a hearing "
            "is held in, and of nothing else"
        ],
    ),
    "clock of what is no extension": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\nclock = "resolve"'),
        [
            f"{DISPUTE}: action[mediate].clock: is the clock that an extension is asked for, or a hearing is held in, "
            "and of nothing else"
        ],
    ),
    "extension of what is never extended": (
        (SECURITY, 'id = "resolve"', 'extensions = 1\nextension = "15 日"', ""),
        [f"{COMMON}: action[request-extension].clock: clock 'resolve' is never extended"],
    ),
    "extensions of no length": (
        (SECURITY, 'id = "resolve"', 'extension = "15 日"', ""),
        [f"{SECURITY}: clock[resolve].extension: is how long an extension may be, where there are any"],
    ),
    "close without an outcome": (
        (SECURITY, "", "", _action("void", "close", '"screening"', "", '"screening"')),
        [f"{SECURITY}: action[void].outcome: is how a case that is closed ends, and of nothing else"],
    ),
    "outcome of what does not close": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\noutcome = "done"'),
        [f"{DISPUTE}: action[mediate].outcome: is how a case that is closed ends, and of nothing else"],
    ),
    "within a clock that is no window": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\nwithin = "resolve"'),
        [f"{DISPUTE}: action[mediate].within: clock 'resolve' is no window"],
    ),
    "within a window that does not run": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\nwithin = "reopen-window"'),
        [f"{DISPUTE}: action[mediate].within: window 'reopen-window' does not run in all states of the action"],
    ),
    "unreachable state": (
        (SECURITY, "", "", WAIT + GO_ON),
        [f"{SECURITY}: state[waiting].id: no action of 'security' leads to this state"],
    ),
    "dead end": (
        (SECURITY, "", "", _state("waiting") + _action("mediate", "advance", '"accepted"', 'to = "waiting"')),
        [
            f"{SECURITY}: state[waiting].id: no action of 'security' leads from this state to an end",
            f"{SECURITY}: state[waiting].turn: no action of 'lead', whose turn it is, leads on from this state",
        ],
    ),
    "reopening that has no state": (
        (SECURITY, "", 'states = ["suspended"]', 'states = ["suspended", "reopen-requested"]'),
        [
            f"{COMMON}: action[evaluate].does: leads to state 'reopen-requested', which 'security' does not have",
            f"{COMMON}: action[request-reopen].does: leads to state 'reopen-requested', which 'security' does not have",
            *(
                f"categories/security.toml: category[{category}].visit_after: a visit may find the matter unsettled, "
                "but it goes by 'security', which has no state 'reopen-requested'"
                for category in ("domestic-violence", "mental-health", "minors-protection")
            ),
        ],
    ),
    "clock that runs and waits": (
        (DISPUTE, "", "", _clock("step", '"accepted"', 'pauses_in = ["accepted"]\nmet_in = ["resolved"]')),
        [f"{DISPUTE}: clock[step].pauses_in: in 'accepted' it runs"],
    ),
    "clock that is met where it runs": (
        (DISPUTE, "", "", _clock("step", '"accepted"', 'met_in = ["accepted"]')),
        [f"{DISPUTE}: clock[step].met_in: in 'accepted' it runs or waits"],
    ),
    "clock that never stops": (
        (DISPUTE, "", "", _clock("step", '"accepted", "closed"', 'met_in = ["resolved"]')),
        [f"{DISPUTE}: clock[step].runs_in: it would never stop: nothing leads from 'closed' by itself"],
    ),
    "clock that nothing meets": (
        (DISPUTE, "", "", _clock("step", '"accepted"', "")),
        [f"{DISPUTE}: clock[step].met_in: is missing: nothing that is done would meet it"],
    ),
    "window that nobody asks for": (
        (DISPUTE, "", "", _clock("step", '"accepted"', "window = true")),
        [f"{DISPUTE}: clock[step].window: no action asks for it"],
    ),
    "window that somebody is warned of": (
        (HOTLINE, 'id = "objection"', "window = true", "window = true\nwarn_left = 20"),
        [f"{HOTLINE}: clock[objection].warn_left: means nothing: a window is nobody's duty"],
    ),
    "reminder of what is somebody's duty": (
        (DISPUTE, "", "", _clock("step", '"accepted"', 'met_in = ["resolved"]\nremind_before = "PT1H"')),
        [f"{DISPUTE}: clock[step].remind_before: means nothing: it is no window"],
    ),
    "reminder that comes before the window": (
        (HOTLINE, 'id = "objection"', "window = true", 'window = true\nremind_before = "2 日"'),
        [f"{HOTLINE}: clock[objection].remind_before: 2 日 is not shorter than the limit (2 日)"],
    ),
    "reminder that comes before the window of a card": (
        (
            DISPUTE,
            "",
            "",
            _clock("step", '"accepted"', 'window = true\nremind_before = "PT1H"\ncards = { red = "PT1H" }'),
        ),
        [f"{DISPUTE}: clock[step].remind_before: PT1H is not shorter than the limit (PT1H)"],
    ),
    "end of a case by what is somebody's duty": (
        (DISPUTE, "", "", _clock("step", '"accepted"', 'met_in = ["resolved"]\ncloses = "over"')),
        [f"{DISPUTE}: clock[step].closes: means nothing: it is no window"],
    ),
    "end of a case that has ended": (
        (DISPUTE, "", "", _clock("step", '"closed"', 'window = true\ncloses = "over"\ncloses_zh = "期满"')),
        [f"{DISPUTE}: clock[step].closes: in 'closed' the case has ended already"],
    ),
    "two ends of a case": (
        (
            DISPUTE,
            "",
            "",
            _clock("step", '"accepted"', 'window = true\ncloses = "over"\ncloses_zh = "期满"')
            + _clock(
                "stride", '"resolved"', 'window = true\ncloses = "gone"\ncloses_zh = "逾期"\npauses_in = ["accepted"]'
            ),
        ),
        [f"{DISPUTE}: clock[stride].closes: in 'accepted' window 'step' closes the case"],
    ),
    "end of a case that nobody could read": (
        (DISPUTE, "", "", _clock("step", '"accepted"', 'window = true\ncloses = "over"')),
        [f"{DISPUTE}: clock[step].closes_zh: is missing: nobody could read what 'over' means"],
    ),
    "end of a case that is called otherwise": (
        (DISPUTE, "", "", _clock("step", '"accepted"', 'window = true\ncloses = "answered"\ncloses_zh = "期满"')),
        [f"{DISPUTE}: clock[step].closes_zh: means nothing: 'answered' has its words"],
    ),
    "words for no end": (
        (DISPUTE, "", "", _clock("step", '"accepted"', 'window = true\nremind_before = "PT1H"\ncloses_zh = "期满"')),
        [f"{DISPUTE}: clock[step].closes_zh: means nothing: nothing ends by it"],
    ),
    "words for an end that no action is": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\noutcome_zh = "完了"'),
        [f"{DISPUTE}: action[mediate].outcome_zh: means nothing: nothing ends by it"],
    ),
    "one end by two names": (
        (
            DISPUTE,
            "",
            "",
            _clock("step", '"accepted"', 'window = true\ncloses = "over"\ncloses_zh = "期满"')
            + _clock("stride", '"resolved"', 'window = true\ncloses = "over"\ncloses_zh = "逾期"'),
        ),
        [
            f"{DISPUTE}: clock[step].closes_zh: 'over' is called '逾期' elsewhere",
            f"{DISPUTE}: clock[stride].closes_zh: 'over' is called '期满' elsewhere",
        ],
    ),
    "day that nothing counts from": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\nfrom_day = true'),
        [f"{DISPUTE}: action[mediate].from_day: means nothing: no clock begins with it"],
    ),
    "days back from no day": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\ndays_back = 3'),
        [f"{DISPUTE}: action[mediate].days_back: means nothing: no day is named with it"],
    ),
    "day of sending that is not kept": (
        (DISPUTE, 'id = "mediate"', 'does = "advance"', 'does = "advance"\nwithin_day = true'),
        [f"{DISPUTE}: action[mediate].within_day: means nothing: 'advance' keeps no day on which something was sent"],
    ),
    "day of sending in no window": (
        (PETITION, ASKS, 'within = "review-window"\n', ""),
        [f"{PETITION}: action[petition-ask-review].within_day: means nothing: it falls in no window"],
    ),
    "day of sending that is always today": (
        (PETITION, ASKS, "days_back = 15", ""),
        [f"{PETITION}: action[petition-ask-review].days_back: is missing: no day but today could be named"],
    ),
    "day of sending that the window makes useless": (
        (PETITION, ASKS, '"answered", "closed"', '"answered"'),
        [
            f"{PETITION}: action[petition-ask-review].states: 'closed' is missing: window 'review-window' may have "
            "ended the case"
        ],
    ),
    "asking when it has ended by no day of sending": (
        (PETITION, ASKS, "within_day = true\ndays_back = 15", ""),
        [
            f"{PETITION}: action[petition-ask-review].within: window 'review-window' does not run in all states of the "
            "action"
        ],
    ),
    "receipt that brings nothing back": (
        (PETITION, DELIVERS, 'restarts = ["review-window", "re-review-window"]', 'restarts = ["card"]'),
        [
            f"{PETITION}: action[petition-deliver].states: 'closed' means nothing: no window that it restarts ends the "
            "case"
        ],
    ),
    "receipt on no day": (
        (PETITION, DELIVERS, "from_day = true", ""),
        [
            f"{PETITION}: action[petition-deliver].from_day: is missing: no window that ended the case would be "
            "counted from another day"
        ],
    ),
    "receipt that brings back to two states": (
        (PETITION, 'id = "review-window"', 'runs_in = ["answered"]', 'runs_in = ["answered", "accepted"]'),
        [
            f"{PETITION}: action[petition-deliver].restarts: window 'review-window' must run in one state, and that be "
            "one of the action's"
        ],
    ),
    "limit for an unknown kind": (
        (HOTLINE, "[clock.kinds]", "hazard =", "hazards ="),
        [f"{HOTLINE}: clock[resolve].kinds: unknown kind 'hazards'"],
    ),
    "limit that no category has": (
        (DISPUTE, "", "", _clock("step", '"accepted"', 'met_in = ["resolved"]').replace('"PT4H"', '"category"')),
        [f"{DISPUTE}: clock[step].limit: a category has no limit 'step'"],
    ),
    "action that nobody may do": (
        (DISPUTE, "", 'id = "mediate"', 'id = "conciliate"'),
        [f"{DISPUTE}: action[conciliate].id: no role has the permission 'case.conciliate', so nobody may do it"],
    ),
    "confidential matter that could be passed on": (
        (PETITION, "", "", _action("transfer", "transfer", '"accepted"', f'to = "assigned"\n{PASS_ON}')),
        [
            f"{PETITION}: action[transfer].does: matters of kind 'petition' go by 'petition', and 'transfer' may tell "
            "a unit that one accuses"
        ],
    ),
    "wait in which who must act can do nothing": (
        (HAZARD, 'id = "verifying"', 'turn = "desk"', 'turn = "lead"'),
        [f"{HAZARD}: state[verifying].turn: no action of 'lead', whose turn it is, leads on from this state"],
    ),
    "wait for a visit that nobody makes": (
        (HAZARD, 'id = "verifying"', 'turn = "desk"', 'turn = "visitor"'),
        [f"{HAZARD}: state[verifying].turn: nobody visits: no action that answers leads to this state"],
    ),
    "wait in nobody's queue": (
        (HAZARD, 'id = "verifying"', 'turn = "desk"', 'turn = "nobody"'),
        [f"{HAZARD}: state[verifying].turn: an open case would wait in nobody's queue"],
    ),
    "permission that means two things": (
        (HAZARD, 'id = "finish-joint"', '["joint"]', '["lead"]'),
        [f"{HAZARD}: action[finish-joint].actors: other than in 'dispute' (joint), under the same permission"],
    ),
}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GULOU, tmp_path / "gulou"))


def _faults(pack: Path) -> list[str]:
    text = read_pack(pack)
    assert not text.faults, text.faults
    return sorted({str(fault) for fault in (*check_procedures(text), *check_turns(text))})


def _edit(pack: Path, file: str, after: str, old: str, new: str) -> None:
    text = (pack / file).read_text("utf-8")
    at = text.index(old, text.index(after)) if old else len(text)
    (pack / file).write_text(f"{text[:at]}{new if old else chr(10) + new}{text[at + len(old) :]}", "utf-8")


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_with_a_procedure_is_named_and_nothing_else(pack: Path, name: str) -> None:
    edit, faults = FAULTS[name]
    _edit(pack, *edit)
    assert _faults(pack) == sorted(faults)


def test_a_pack_without_any_use_is_named(pack: Path) -> None:
    text = (pack / "pack.toml").read_text("utf-8")
    (pack / "pack.toml").write_text(text[: text.index("[[use]]")], "utf-8")
    assert "pack.toml: use: is missing: no case would go by any procedure" in _faults(pack)


def test_a_notice_of_what_never_happens_is_named(pack: Path) -> None:
    for name in ("hazard", "population"):
        path = pack / "procedures" / f"{name}.toml"
        path.write_text(path.read_text("utf-8").replace('does = "send-back"', 'does = "advance"'), "utf-8")
    (fault,) = _faults(pack)
    assert fault.startswith("messages.toml: notice[") and fault.endswith(
        ".event: 'case.sent-back.v1' never happens: no action does send-back"
    )


def test_the_same_clock_may_have_another_name_in_another_procedure(pack: Path) -> None:
    _edit(pack, SECURITY, 'id = "accept"', 'zh = "接警受理"', 'zh = "接警"')
    assert _faults(pack) == []


def test_a_case_may_wait_in_nobodys_queue_for_the_window_that_it_ends_by(pack: Path) -> None:
    way = _action("mediate", "advance", '"accepted"', 'to = "waiting"\nfrom_day = true')
    window = _clock("step", '"waiting"', 'window = true\ncloses = "over"\ncloses_zh = "期满"\nremind_before = "PT1H"')
    _edit(pack, SECURITY, "", "", _state("waiting", "nobody") + way + window)
    assert _faults(pack) == []
    (waiting,) = [whole for whole in procedures_of(read_pack(pack)).values() if whole.id == "security"]
    assert ("waiting", "closed", "") in states_moves(waiting)
