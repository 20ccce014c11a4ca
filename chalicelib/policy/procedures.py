"""Procedures of a pack as a whole: what each has of the one it extends, and whether it leads from end to end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from chalicelib.domain import cases
from chalicelib.domain.acts import modules
from chalicelib.domain.limits import Limit
from chalicelib.domain.narrating import OUTCOMES
from chalicelib.domain.procedure import VISIT_CLOCK
from chalicelib.policy.reader import Entry, Fault, PackText
from chalicelib.policy.schema import (
    INITIAL_STATES,
    STATES,
    ActionPart,
    CardPart,
    CategoryPart,
    ClockPart,
    Dropped,
    KindPart,
    Part,
    ProcedurePart,
    RolePart,
    StatePart,
    UsePart,
    at_least,
    at_most,
    words_of,
)

_FOLDER, _ENDING = "procedures/", ".toml"
P = TypeVar("P", StatePart, ActionPart, ClockPart)

_LEADS = {  # the acts after which the case is in the state that `to` names
    *("classify", "assign", "accept", "return", "reject-return", "transfer", "escalate", "delegate", "suspend"),
    *("resume", "finish", "verify", "send-back", "resolve", "grant-reopen"),
    *(act for more in modules() for act in more.LEADS),
}
_ENDS = {"evaluate", "close", "withdraw", "void", "decline-reopen", *(act for more in modules() for act in more.ENDS)}
_REOPENS = {"evaluate", "request-reopen"}
_TELLS_ANYBODY = {"assign", "transfer", "escalate", "delegate"}
"""Acts that may give a matter to any unit. Others that name one look whether the matter accuses it."""
_OF_A_CLOCK = ("request-extension", "petition-hold-hearing")
_DELIVERS, _SENT = "petition-deliver", "petition-ask-review"
"""The acts that go on with a case which a window ended: by when that is counted from, and by what was sent in it."""
_MEETS = {"advance", "accept", *(act for more in modules() for act in more.MEETS)}
_BEGINS = {act for more in modules() for act in more.BEGINS}
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "classify": ("category", "area"),
    "assign": ("unit", "reason"),
    "return": ("reason",),
    "reject-return": ("reason",),
    "transfer": ("unit", "reason"),
    "escalate": ("reason",),
    "delegate": ("reason",),
    "request-joint": ("units", "reason"),
    "refuse-joint": ("reason",),
    "finish-joint": ("note",),
    "request-extension": ("until", "reason"),
    "refuse-extension": ("reason",),
    "suspend": ("reason",),
    "finish": ("note",),
    "send-back": ("reason",),
    "resolve": ("note",),
    "evaluate": ("outcome",),
    "withdraw": ("reason",),
    "void": ("reason",),
    "request-reopen": ("reason",),
    "decline-reopen": ("reason",),
    **{act: said for more in modules() for act, said in more.NEEDS.items()},
}


@dataclass(slots=True)
class Whole:
    """A procedure with all its rows by id, its own and those of the one it extends; each knows where it stands."""

    entry: Entry[ProcedurePart]
    states: dict[str, Entry[StatePart]] = field(default_factory=dict)
    actions: dict[str, Entry[ActionPart]] = field(default_factory=dict)
    clocks: dict[str, Entry[ClockPart]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.entry.part.id


def procedures_of(text: PackText) -> dict[str, Whole]:
    """The procedures that cases go by, by id: those that a row of `use` names."""
    named = {entry.part.procedure for entry in text.all(UsePart)}
    whole = {entry.part.id: _whole(entry, text) for entry in text.all(ProcedurePart)}
    return {name: each for name, each in whole.items() if name in named}


def check_procedures(text: PackText) -> Iterator[Fault]:
    """Every fault of the procedures; none of those with a misshapen row, whose absence would make many."""
    yield from _files(text)
    yield from _uses(text)
    yield from _bases(text)
    for whole in sound_procedures(text):
        yield from _references(whole)
        yield from _sense(whole)
        yield from _ways(whole, text)
        yield from _clocks(whole, text)
        yield from _doers(whole, text)
        yield from _confidence(whole, text)


def sound_procedures(text: PackText) -> list[Whole]:
    """Those that can be checked as a whole: neither they nor what they extend is misshapen, or extended wrongly."""
    broken = {fault.file for fault in (*text.faults, *_bases(text))}
    bases = {name: f"{_FOLDER}{whole.entry.part.extends}{_ENDING}" for name, whole in procedures_of(text).items()}
    return [
        whole
        for name, whole in procedures_of(text).items()
        if whole.entry.file not in broken and bases[name] not in broken
    ]


def states_moves(whole: Whole) -> list[tuple[str, str, str]]:
    """Every way from a state to another: from, to, and the action; an empty action where time or a visit does it."""
    moves = [
        (state, to, entry.part.id)
        for entry in whole.actions.values()
        for state in entry.part.states
        for to in _targets(entry.part)
        if to != state
    ]
    answered = [e.part.to for e in whole.actions.values() if e.part.does in ("resolve", "verify")]
    answered += [state for e in whole.clocks.values() if e.part.closes for state in e.part.runs_in]
    moves += [(state, cases.CLOSED, "") for state in dict.fromkeys(answered) if state != cases.CLOSED]
    moves += [
        (cases.CLOSED, state, entry.part.id)
        for entry in whole.actions.values()
        if _goes_back(entry.part)
        for window in _closing_of(entry.part, whole)
        for state in window.runs_in
    ]
    for state, entry in whole.states.items():
        if entry.part.turn == cases.VISITOR:
            moves += [(state, to, "") for to in (cases.CLOSED, cases.REOPEN_REQUESTED) if to in whole.states]
    return list(dict.fromkeys(moves))


def _targets(action: ActionPart) -> list[str]:
    targets = [action.to] if action.to else []
    targets += [cases.CLOSED] if action.does in _ENDS else []
    targets += [cases.SCREENING] if action.does == "grant-reopen" else []  # of what nobody ever led
    return targets + ([cases.REOPEN_REQUESTED] if action.does in _REOPENS else [])


def _goes_back(action: ActionPart) -> bool:
    """Whether it brings a case that a window ended back to the state that ended."""
    return action.does == _DELIVERS and cases.CLOSED in action.states


def _closing_of(action: ActionPart, whole: Whole) -> list[ClockPart]:
    """The windows that an action begins again and that end the case."""
    begun = [whole.clocks[name].part for name in action.restarts if name in whole.clocks]
    return [clock for clock in begun if clock.closes]


def _whole(entry: Entry[ProcedurePart], text: PackText) -> Whole:
    drop = entry.part.drop
    base = next((e for e in text.all(ProcedurePart) if e.part.id == entry.part.extends and e is not entry), None)
    states = _rows(entry, base, text.all(StatePart), drop, drop.states)
    actions = _rows(entry, base, text.all(ActionPart), drop, drop.actions)
    return Whole(
        entry,
        states,
        {name: _stated(action, states) for name, action in actions.items()},
        _rows(entry, base, text.all(ClockPart), drop, drop.clocks),
    )


def _stated(action: Entry[ActionPart], states: Mapping[str, Entry[StatePart]]) -> Entry[ActionPart]:
    """An action with the states by name that `any` and `open` stand for, whichever a procedure has."""
    match action.part.states:
        case ["any"]:
            named = list(states)
        case ["open"]:
            named = [name for name, state in states.items() if state.part.open]
        case _:
            return action
    return replace(action, part=action.part.model_copy(update={"states": named}))


def _rows(
    entry: Entry[ProcedurePart],
    base: Entry[ProcedurePart] | None,
    rows: Iterable[Entry[P]],
    drop: Dropped,
    dropped: Iterable[str],
) -> dict[str, Entry[P]]:
    """The rows of a table by id: those of the base in its order, each replaced by one of the same id, then others."""
    found: dict[str, Entry[P]] = {}
    own = {row.part.id: row for row in rows if row.file == entry.file}
    for row in rows:
        if base is None or row.file != base.file or row.part.id in dropped:
            continue
        kept = own.get(row.part.id) or _inherited(row, set(drop.states))
        if kept is not None:
            found[row.part.id] = kept
    return found | own


def _inherited(row: Entry[P], without: set[str]) -> Entry[P] | None:
    """A row of the base without the states that are dropped; None where nothing of it is left."""
    keys = {ActionPart: ("states",), ClockPart: ("runs_in", "pauses_in", "met_in")}.get(type(row.part), ())
    left = {key: [state for state in getattr(row.part, key) if state not in without] for key in keys}
    if (keys and not left[keys[0]]) or getattr(row.part, "to", None) in without:
        return None
    return replace(row, part=row.part.model_copy(update=left)) if left else row


def _files(text: PackText) -> Iterator[Fault]:
    for entry in text.all(ProcedurePart):
        if entry.file != f"{_FOLDER}{entry.part.id}{_ENDING}":
            yield entry.fault("id", f"must be the name of its file, not {entry.part.id!r}")


def _bases(text: PackText) -> Iterator[Fault]:
    extended = {entry.part.extends for entry in text.all(ProcedurePart)}
    used = {entry.part.procedure for entry in text.all(UsePart)}
    for entry in text.all(ProcedurePart):
        part = entry.part
        if part.id not in extended | used:
            yield entry.fault("id", "no case goes by it: no use names it, and no procedure extends it")
        if part.extends is None:
            if any((part.drop.states, part.drop.actions, part.drop.clocks)):
                yield entry.fault("drop", "means nothing: it extends no other")
            continue
        base = next((e for e in text.all(ProcedurePart) if e.part.id == part.extends), None)
        if base is None:
            if part.extends not in text.ids(ProcedurePart):
                yield entry.fault("extends", f"unknown procedure {part.extends!r}")
        elif base.part.extends is not None or base is entry:
            yield entry.fault("extends", f"{part.extends!r} extends another itself")
        else:
            yield from _drops(entry, base, text)


def _drops(entry: Entry[ProcedurePart], base: Entry[ProcedurePart], text: PackText) -> Iterator[Fault]:
    tables: tuple[tuple[str, type[Part], list[str]], ...] = (
        ("states", StatePart, entry.part.drop.states),
        ("actions", ActionPart, entry.part.drop.actions),
        ("clocks", ClockPart, entry.part.drop.clocks),
    )
    for name, part, dropped in tables:
        for each in dropped:
            if base.file not in text.declared.get(part, {}).get(each, []):
                yield entry.fault(f"drop.{name}", f"{base.part.id!r} has no {each!r}")


def _uses(text: PackText) -> Iterator[Fault]:
    uses = text.all(UsePart)
    for place, entry in enumerate(uses):
        part, last = entry.part, place == len(uses) - 1
        if part.procedure not in text.ids(ProcedurePart):
            yield entry.fault("procedure", f"unknown procedure {part.procedure!r}")
        for kind in sorted(set(part.kinds) - text.ids(KindPart)):
            yield entry.fault("kinds", f"unknown kind {kind!r}")
        if last and (part.kinds or part.sources):
            yield entry.fault("procedure", "the last use must hold always: a matter that is not screened goes by it")
        if not last and not (part.kinds or part.sources):
            yield entry.fault("procedure", "holds always, so that no use after it ever does")
    if not uses:
        yield Fault("pack.toml", "use", "is missing: no case would go by any procedure")


def _references(whole: Whole) -> Iterator[Fault]:
    for state in sorted(STATES - set(whole.states)):
        yield whole.entry.fault("state", f"state {state!r} is missing, which every procedure needs")
    for state, stands in whole.states.items():
        if stands.part.open == (state == cases.CLOSED):
            yield stands.fault("open", f"only {cases.CLOSED!r} is not open")
    for entry in whole.actions.values():
        part = entry.part
        yield from _unknown(entry, "states", part.states, whole.states, "state")
        yield from _unknown(entry, "to", [part.to] if part.to else [], whole.states, "state")
        yield from _unknown(entry, "restarts", part.restarts, whole.clocks, "clock")
        yield from _unknown(entry, "clock", [part.clock] if part.clock else [], whole.clocks, "clock")
        yield from _unknown(entry, "within", [part.within] if part.within else [], whole.clocks, "clock")
        if part.does in _REOPENS and cases.REOPEN_REQUESTED not in whole.states:
            yield entry.fault("does", f"leads to state {cases.REOPEN_REQUESTED!r}, which {whole.id!r} does not have")
    for clock in whole.clocks.values():
        for key in ("runs_in", "pauses_in", "met_in"):
            yield from _unknown(clock, key, getattr(clock.part, key), whole.states, "state")
        yield from _unknown(clock, "met_by", clock.part.met_by, whole.actions, "action")
        yield from _unknown(clock, "begun_by", clock.part.begun_by, whole.actions, "action")


def _unknown(entry: Entry[Any], key: str, named: Iterable[str], known: Mapping[str, Any], what: str) -> Iterator[Fault]:
    for name in named:
        if name not in known:
            yield entry.fault(key, f"unknown {what} {name!r}")


def _sense(whole: Whole) -> Iterator[Fault]:
    """That each action says what its act needs, and nothing that it has no use for."""
    for entry in whole.actions.values():
        part = entry.part
        if part.does in _LEADS and not part.to:
            yield entry.fault("to", f"is missing: {part.does!r} leads to a state")
        if part.to and part.does not in _LEADS | {"advance"}:
            yield entry.fault("to", f"means nothing: where {part.does!r} leads is not for the pack to say")
        for said in _NEEDS.get(part.does, ()):
            if said not in part.requires:
                yield entry.fault("requires", f"{part.does!r} needs {said!r}")
        if (part.does in _OF_A_CLOCK) != bool(part.clock):
            yield entry.fault(
                "clock", "is the clock that an extension is asked for, or a hearing is held in, and of nothing else"
            )
        elif (
            part.does == "request-extension"
            and part.clock in whole.clocks
            and not whole.clocks[part.clock].part.extensions
        ):
            yield entry.fault("clock", f"clock {part.clock!r} is never extended")
        if (part.does == "close") != bool(part.outcome):
            yield entry.fault("outcome", "is how a case that is closed ends, and of nothing else")
        else:
            yield from _in_words(entry, "outcome", whole)
        if part.from_day and not any(clock.part.id in _begun_by(part, whole) for clock in whole.clocks.values()):
            yield entry.fault("from_day", "means nothing: no clock begins with it")
        if part.days_back and not (part.from_day or part.within_day):
            yield entry.fault("days_back", "means nothing: no day is named with it")
        yield from _sent(entry, whole)
        yield from _brought_back(entry, whole)
        if part.within in whole.clocks:
            window = whole.clocks[part.within].part
            after = {cases.CLOSED} if window.closes and part.within_day else set()
            if not window.window:
                yield entry.fault("within", f"clock {part.within!r} is no window")
            elif not set(part.states) <= {*window.runs_in, *after}:
                yield entry.fault("within", f"window {part.within!r} does not run in all states of the action")


def _sent(entry: Entry[ActionPart], whole: Whole) -> Iterator[Fault]:
    """That what was sent in time is heard, whenever it is entered."""
    part = entry.part
    if not part.within_day:
        return
    if part.does != _SENT:
        yield entry.fault("within_day", f"means nothing: {part.does!r} keeps no day on which something was sent")
    elif not part.within:
        yield entry.fault("within_day", "means nothing: it falls in no window")
    elif not part.days_back:
        yield entry.fault("days_back", "is missing: no day but today could be named")
    elif part.within in whole.clocks and whole.clocks[part.within].part.closes and cases.CLOSED not in part.states:
        yield entry.fault("states", f"{cases.CLOSED!r} is missing: window {part.within!r} may have ended the case")


def _brought_back(entry: Entry[ActionPart], whole: Whole) -> Iterator[Fault]:
    """That it is known where a case goes back to, by the window that ended it."""
    part = entry.part
    if not _goes_back(part):
        return
    if not part.from_day:
        yield entry.fault("from_day", "is missing: no window that ended the case would be counted from another day")
    windows = _closing_of(part, whole)
    if not windows:
        yield entry.fault("states", f"{cases.CLOSED!r} means nothing: no window that it restarts ends the case")
    for window in windows:
        if len(window.runs_in) != 1 or window.runs_in[0] not in part.states:
            shown = f"window {window.id!r} must run in one state, and that be one of the action's"
            yield entry.fault("restarts", shown)


def _begun_by(action: ActionPart, whole: Whole) -> set[str]:
    """The clocks that may begin with an action: those it restarts, and those that run where it leads and not before."""
    entered = {
        clock.part.id
        for clock in whole.clocks.values()
        if action.to in clock.part.runs_in and not set(action.states) <= {*clock.part.runs_in, *clock.part.pauses_in}
    }
    return {*action.restarts, *entered}


def _ways(whole: Whole, text: PackText) -> Iterator[Fault]:
    """Every state is reached, and every state leads to an end."""
    if STATES - set(whole.states):
        return
    moves = [(at, to) for at, to, _ in states_moves(whole)]
    reached = _closure(INITIAL_STATES, moves)
    ending = _closure([cases.CLOSED], [(to, at) for at, to in moves])
    for state, entry in whole.states.items():
        if state not in reached:
            yield entry.fault("id", f"no action of {whole.id!r} leads to this state")
        elif state not in ending:
            yield entry.fault("id", f"no action of {whole.id!r} leads from this state to an end")
    if cases.REOPEN_REQUESTED not in whole.states:
        for category in _categories_of(whole, text):
            if category.part.visit_after is not None:
                where = f"it goes by {whole.id!r}, which has no state {cases.REOPEN_REQUESTED!r}"
                yield category.fault("visit_after", f"a visit may find the matter unsettled, but {where}")


def _categories_of(whole: Whole, text: PackText) -> Iterator[Entry[CategoryPart]]:
    for entry in text.all(CategoryPart):
        kind = entry.file.removeprefix("categories/").removesuffix(".toml")
        if whole.id in _procedures_of_kind(kind, text):
            yield entry


def _procedures_of_kind(kind: str, text: PackText) -> set[str]:
    """The procedures that a matter of a kind may go by, from whatever source."""
    found = set()
    for entry in text.all(UsePart):
        if not entry.part.kinds or kind in entry.part.kinds:
            found.add(entry.part.procedure)
            if not entry.part.sources:
                break
    return found


def _closure(start: Iterable[str], moves: Iterable[tuple[str, str]]) -> set[str]:
    moves, found, new = list(moves), set[str](), set(start)
    while new:
        found |= new
        new = {to for at, to in moves if at in found} - found
    return found


def _clocks(whole: Whole, text: PackText) -> Iterator[Fault]:
    kinds, cards = text.ids(KindPart), text.ids(CardPart)
    windows = {entry.part.within for entry in whole.actions.values()}
    for entry in whole.clocks.values():
        part = entry.part
        for state in sorted(set(part.runs_in) & set(part.pauses_in)):
            yield entry.fault("pauses_in", f"in {state!r} it runs")
        for state in sorted(set(part.met_in) & {*part.runs_in, *part.pauses_in}):
            yield entry.fault("met_in", f"in {state!r} it runs or waits")
        yield from _limits(entry)
        for kind in sorted(set(part.kinds) - kinds):
            yield entry.fault("kinds", f"unknown kind {kind!r}")
        for card in sorted(set(part.cards) - cards):
            yield entry.fault("cards", f"unknown card {card!r}")
        again = any(part.id in action.part.restarts for action in whole.actions.values())
        if part.from_report and (part.begun_by or again):
            yield entry.fault("from_report", "means nothing: an action begins it")
        if part.window:
            if part.id not in windows and not (part.remind_before or part.closes or part.begun_by):
                yield entry.fault("window", "no action asks for it")
            yield from _closing(entry, whole)
            yield from _in_words(entry, "closes", whole)
            for key in ("met_in", "met_by", "warn_left", "again", "extensions"):
                if getattr(part, key):
                    yield entry.fault(key, "means nothing: a window is nobody's duty")
            continue
        for key in ("remind_before", "closes", "closes_zh"):
            if getattr(part, key):
                yield entry.fault(key, "means nothing: it is no window")
        if cases.CLOSED in (*part.runs_in, *part.pauses_in):
            yield entry.fault("runs_in", f"it would never stop: nothing leads from {cases.CLOSED!r} by itself")
        if not part.met_in and not part.met_by and part.id != VISIT_CLOCK:
            yield entry.fault("met_in", "is missing: nothing that is done would meet it")
        if part.limit == "card" and not text.all(CardPart):
            yield entry.fault("limit", "there are no cards in petitions.toml")
        if part.limit == "category" and part.id not in ("accept", "resolve"):
            yield entry.fault("limit", f"a category has no limit {part.id!r}")
        if bool(part.extensions) != (part.extension is not None):
            yield entry.fault("extension", "is how long an extension may be, where there are any")
        for action in part.met_by:
            if action in whole.actions and whole.actions[action].part.does not in _MEETS:
                yield entry.fault("met_by", f"{action!r} is no step that is only noted")
        for action in part.begun_by:
            if action in whole.actions and whole.actions[action].part.does not in _BEGINS:
                yield entry.fault("begun_by", f"no clock begins with {action!r}, but by the state it leads to")


def _limits(entry: Entry[ClockPart]) -> Iterator[Fault]:
    """That there is something left to be reminded of, whichever limit a window has."""
    part, given = entry.part, dict(entry.part.urgencies).values()
    if part.remind_before is None:
        return
    for limit in (part.limit, *part.cards.values(), *part.kinds.values(), *given):
        if isinstance(limit, Limit) and at_most(part.remind_before) >= at_least(limit):
            shown = f"{words_of(part.remind_before)} is not shorter than the limit ({words_of(limit)})"
            yield entry.fault("remind_before", shown)


def _closing(entry: Entry[ClockPart], whole: Whole) -> Iterator[Fault]:
    """That a case ends by one window only, and not by one that runs when it has ended."""
    part = entry.part
    if not part.closes:
        return
    if cases.CLOSED in (*part.runs_in, *part.pauses_in):
        yield entry.fault("closes", f"in {cases.CLOSED!r} the case has ended already")
    for other in whole.clocks.values():
        if other.part.id == part.id:
            return
        both = {*part.runs_in, *part.pauses_in} & {*other.part.runs_in, *other.part.pauses_in}
        if other.part.closes and both:
            yield entry.fault("closes", f"in {min(both)!r} window {other.part.id!r} closes the case")


def _in_words(entry: Entry[Any], key: str, whole: Whole) -> Iterator[Fault]:
    """That how a case ends can be told: in the engine's words, or in those of the pack, which are the same wherever it
    ends so.
    """
    outcome, zh = getattr(entry.part, key), getattr(entry.part, f"{key}_zh")
    if zh and (not outcome or outcome in OUTCOMES):
        yield entry.fault(
            f"{key}_zh", f"means nothing: {f'{outcome!r} has its words' if outcome else 'nothing ends by it'}"
        )
    elif outcome and outcome not in OUTCOMES and not zh:
        yield entry.fault(f"{key}_zh", f"is missing: nobody could read what {outcome!r} means")
    others = {
        *(each.part.outcome_zh for each in whole.actions.values() if each.part.outcome == outcome),
        *(each.part.closes_zh for each in whole.clocks.values() if each.part.closes == outcome),
    }
    if zh and others - {zh, ""}:
        yield entry.fault(f"{key}_zh", f"{outcome!r} is called {min(others - {zh, ''})!r} elsewhere")


def _doers(whole: Whole, text: PackText) -> Iterator[Fault]:
    if len(text.all(RolePart)) < len(text.ids(RolePart)):
        return  # a misshapen role may be the one
    granted = {permission for role in text.all(RolePart) for permission in role.part.permissions}
    for entry in whole.actions.values():
        if f"case.{entry.part.id}" not in granted:
            yield entry.fault("id", f"no role has the permission 'case.{entry.part.id}', so nobody may do it")


def _confidence(whole: Whole, text: PackText) -> Iterator[Fault]:
    """No action of a procedure that confidential matters go by may tell any unit of them, whomever they accuse."""
    for kind in text.all(KindPart):
        if kind.part.confidential_to and whole.id in _procedures_of_kind(kind.part.id, text):
            for entry in whole.actions.values():
                if entry.part.does in _TELLS_ANYBODY:
                    where = f"matters of kind {kind.part.id!r} go by {whole.id!r}"
                    yield entry.fault("does", f"{where}, and {entry.part.does!r} may tell a unit that one accuses")
