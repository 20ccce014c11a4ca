"""A case of several people: each is given and forgotten alone; and what nobody asks to forget is forgotten in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import TemporarilyUnavailable
from chalicelib.domain.people import Reporter
from chalicelib.domain.records import Sealed
from tests.world import ADMIN, WORKER, PlainPhones, World


class TestACaseOfSeveral:
    """Two people told of one case: A opened it, B's report was joined to it."""

    A, B = Reporter("王伟", "+8613800000001"), Reporter("李雷", "+8613800000002")

    def told(self, world: World) -> tuple[str, str, str]:
        """The case, A's report and B's."""
        receipt = world.submit(reporter=self.A)
        report = world.report("我也看到了", reporter=self.B)
        world.intake._join(world.case(receipt.case_id), report, world.by(WORKER))
        return receipt.case_id, receipt.report_id, report.id

    def close(self, world: World, case_id: str) -> None:
        world.answered(case_id)
        world.visit_falls_due(case_id)
        world.visit(case_id, "satisfied")

    def test_each_is_given_what_is_his_and_forgotten_alone(self, world: World) -> None:
        case_id, by_a, by_b = self.told(world)
        self.close(world, case_id)
        exported = world.persons.export(self.B.phone or "", "x", world.by(ADMIN))["reports"]
        assert [(each["report_id"], each["reporter"]["name"]) for each in exported] == [(by_b, "李雷")]
        assert world.persons.erase(self.B.phone or "", "x", world.by(ADMIN)).reports == (by_b,)
        assert (world.vault.identity(by_a) is None, world.vault.identity(by_b) is None) == (False, True)
        known = world.vault.reports([by_a, by_b])
        assert (known[by_a].contactable, known[by_b].contactable) == (True, False)
        assert known[by_b].erased_at == world.clock.now() and known[by_a].erased_at is None

    def test_where_the_policy_forgets_at_once_the_answer_goes_to_who_is_left(self, world: World) -> None:
        case_id, _, by_b = self.told(world)
        rules = world.policy.rules._replace(erase_open_cases=True)
        world.persons._policy = replace(world.policy, rules=rules)
        erased = world.persons.erase(self.B.phone or "", "x", world.by(ADMIN))
        assert (erased.reports, erased.open_cases) == ((by_b,), ())
        self.close(world, case_id)
        (resolved,) = world.happenings(case_id, "case.resolved.v1")
        world.alerts.tell(resolved)
        told = [phone for phone, _ in world.texts.sent]
        assert self.A.phone in told and self.B.phone not in told

    def test_the_time_of_both_is_over_a_while_after_the_case_was_closed(self, world: World) -> None:
        case_id, by_a, by_b = self.told(world)
        still_open = world.submit(reporter=self.A).report_id
        world.clock.forward(days=800)
        self.close(world, case_id)
        assert list(world.retention.run(None)) == []
        world.clock.forward(days=729)
        assert list(world.retention.run(None)) == []
        world.clock.forward(days=2)
        names = sorted(expired.name for expired in world.retention.run(None))
        assert names == sorted([by_a, by_b])
        assert world.vault.identity(by_a) is not None, "it was only said"
        assert sorted(expired.name for expired in world.retention.run(world.by(ADMIN))) == names
        assert world.vault.identities([by_a, by_b, still_open]).keys() == {still_open}
        assert list(world.retention.run(world.by(ADMIN))) == []
        assert [case.id for case in world.vault.cases_of(PlainPhones().hash_of(self.A.phone or ""))] != []
        assert world.vault.cases_of(PlainPhones().hash_of(self.B.phone or "")) == []


def test_retention_that_broke_off_is_finished_when_it_is_run_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = world.submit(reporter=Reporter("王伟", "+8613800000001")).case_id
    TestACaseOfSeveral().close(world, case_id)
    world.clock.forward(days=731)

    def breaks_off(*asked: object) -> None:
        raise TemporarilyUnavailable()

    with monkeypatch.context() as patch:
        patch.setattr(world.vault, "forget", breaks_off)
        with pytest.raises(TemporarilyUnavailable):
            list(world.retention.run(world.by(ADMIN)))
    assert len(list(world.retention.run(world.by(ADMIN)))) == 1
    assert world.vault.cases_of(PlainPhones().hash_of("+8613800000001")) == []
    assert list(world.retention.run(None)) == []


def test_refused_messages_are_kept_their_own_time(world: World) -> None:
    world.store.keep_refused("sms", world.clock.now(), "unreadable", Sealed(b"x", b"key"))
    world.clock.forward(days=179)
    assert list(world.retention.run(world.by(ADMIN))) == []
    world.clock.forward(days=2)
    assert [(expired.kind, expired.case) for expired in world.retention.run(world.by(ADMIN))] == [("refused", None)]
    assert list(world.vault.refused("sms", "2026-11-22")) == []


def test_retention_goes_through_more_than_one_page_of_a_month(world: World) -> None:
    for number in range(250):
        at = world.clock.now() + timedelta(seconds=number)
        world.store.keep_refused("sms", at, "unreadable", Sealed(str(number).encode(), b"key"))
    world.clock.forward(days=200)
    assert len(list(world.retention.run(world.by(ADMIN)))) == 250
    assert list(world.retention.run(world.by(ADMIN))) == []
