"""That in every state somebody can go on, that a permission means one thing, and that what notices tell of happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chalicelib.domain import cases
from chalicelib.domain import events as E
from chalicelib.policy.procedures import Whole, procedures_of, sound_procedures, states_moves
from chalicelib.policy.reader import Entry, Fault, PackText
from chalicelib.policy.schema import ActionPart, NoticePart

_WHOSE = {cases.DESK: "screening", cases.LEAD: "lead"}
_TOLD_BY: Mapping[str, frozenset[str]] = {  # event types → the acts that tell them; others need none
    E.CASE_ADVANCED: frozenset({"advance"}),
    E.CASE_ACCEPTED: frozenset({"accept"}),
    E.CASE_RETURNED: frozenset({"return"}),
    E.CASE_RETURN_REJECTED: frozenset({"reject-return"}),
    E.CASE_TRANSFERRED: frozenset({"transfer"}),
    E.CASE_ESCALATED: frozenset({"escalate"}),
    E.CASE_DELEGATED: frozenset({"delegate"}),
    E.JOINT_REQUESTED: frozenset({"request-joint"}),
    E.JOINT_ACCEPTED: frozenset({"accept-joint"}),
    E.JOINT_REFUSED: frozenset({"refuse-joint"}),
    E.JOINT_FINISHED: frozenset({"finish-joint"}),
    E.EXTENSION_REQUESTED: frozenset({"request-extension"}),
    E.EXTENSION_APPROVED: frozenset({"approve-extension"}),
    E.EXTENSION_REFUSED: frozenset({"refuse-extension"}),
    E.CASE_SUSPENDED: frozenset({"suspend"}),
    E.CASE_RESUMED: frozenset({"resume"}),
    E.CASE_FINISHED: frozenset({"finish"}),
    E.CASE_VERIFIED: frozenset({"verify"}),
    E.CASE_SENT_BACK: frozenset({"send-back"}),
    E.CASE_RESOLVED: frozenset({"resolve", "verify"}),
    E.CASE_EVALUATED: frozenset({"evaluate", "petition-rate"}),
    E.CASE_WITHDRAWN: frozenset({"withdraw"}),
    E.CASE_VOIDED: frozenset({"void"}),
    E.CASE_REOPENED: frozenset({"grant-reopen"}),
    E.CASE_REOPEN_DECLINED: frozenset({"decline-reopen"}),
    E.PETITION_REGISTERED: frozenset({"petition-register"}),
    E.PETITION_CARD_CHANGED: frozenset({"petition-register", "petition-change-card"}),
    E.PETITION_CARD_EXAMINED: frozenset({"petition-change-card"}),
    E.PETITION_DIRECTED: frozenset({"petition-direct"}),
    E.PETITION_DECLINED: frozenset({"petition-decline"}),
    E.PETITION_PASSED_ON: frozenset({"petition-pass-on"}),
    E.PETITION_ACCEPTED: frozenset({"petition-accept"}),
    E.PETITION_REFERRED: frozenset({"petition-refer"}),
    E.PETITION_DECIDED: frozenset({"petition-decide"}),
    E.PETITION_ANSWERED: frozenset({"petition-answer", "petition-conclude"}),
    E.PETITION_DELIVERED: frozenset({"petition-deliver"}),
    E.PETITION_REVIEW_ASKED: frozenset({"petition-ask-review"}),
    E.PETITION_HEARD: frozenset({"petition-hold-hearing"}),
    E.PETITION_LEADER_NAMED: frozenset({"petition-name-leader"}),
}


def check_turns(text: PackText) -> Iterator[Fault]:
    """Every such fault; none while a procedure cannot be read as a whole, whose absence would make many."""
    whole = sound_procedures(text)
    if len(whole) < len(procedures_of(text)):
        return
    for each in whole:
        yield from _waits(each)
    yield from _meanings(whole)
    yield from _never_told(whole, text)


def _waits(whole: Whole) -> Iterator[Fault]:
    """A case never lies with somebody who can do nothing about it."""
    answered = {entry.part.to for entry in whole.actions.values() if entry.part.does in ("resolve", "verify")}
    closing = {state for entry in whole.clocks.values() if entry.part.closes for state in entry.part.runs_in}
    leading_on = {(at, by) for at, _, by in states_moves(whole)}
    for state, entry in whole.states.items():
        turn = entry.part.turn
        acting = {actor for at, by in leading_on if at == state and by for actor in whole.actions[by].part.actors}
        if turn in _WHOSE and _WHOSE[turn] not in acting:
            yield entry.fault("turn", f"no action of {_WHOSE[turn]!r}, whose turn it is, leads on from this state")
        elif turn == cases.VISITOR and state not in answered:
            yield entry.fault("turn", "nobody visits: no action that answers leads to this state")
        elif turn == cases.NOBODY and entry.part.open and state not in answered | closing:
            yield entry.fault("turn", "an open case would wait in nobody's queue")


def _meanings(procedures: list[Whole]) -> Iterator[Fault]:
    """The actors of an action are the same in every procedure: its permission is one, and is granted to those."""
    first: dict[str, tuple[Whole, Entry[ActionPart]]] = {}
    for whole in procedures:
        for action, entry in whole.actions.items():
            other, known = first.setdefault(action, (whole, entry))
            if set(known.part.actors) != set(entry.part.actors):
                theirs = ", ".join(known.part.actors)
                yield entry.fault("actors", f"other than in {other.id!r} ({theirs}), under the same permission")


def _never_told(procedures: list[Whole], text: PackText) -> Iterator[Fault]:
    acts = {entry.part.does for whole in procedures for entry in whole.actions.values()}
    for entry in text.all(NoticePart):
        needed = _TOLD_BY.get(entry.part.event)
        if needed is not None and not needed & acts:
            yield entry.fault(
                "event", f"{entry.part.event!r} never happens: no action does {' or '.join(sorted(needed))}"
            )
