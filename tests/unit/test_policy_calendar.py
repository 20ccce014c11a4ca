"""`calendar.toml`: days and years that a district writes down itself, and its faults."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from chalicelib.domain.workdays import WorkCalendar
from chalicelib.policy.compiler import PackInvalid, compile_pack
from chalicelib.policy.loader import policy_from

GULOU = Path(__file__).parents[2] / "chalicelib" / "policy" / "gulou"

# what a notice might say of 2027: holidays where the law and the moon have them, the rest invented for this test
ANNOUNCED = """
[[year]]
year = 2027
""" + "".join(
    f'[[day]]\ndate = {first}\n{f"until = {until}" if until else ""}\nworking = {working}\nzh = "{zh}"\n'
    for first, until, working, zh in [
        ("2027-01-01", "2027-01-03", "false", "元旦"),
        ("2027-02-05", "2027-02-11", "false", "春节"),
        ("2027-02-14", None, "true", "春节调休"),
        ("2027-04-03", "2027-04-05", "false", "清明节"),
        ("2027-05-01", "2027-05-05", "false", "劳动节"),
        ("2027-05-08", None, "true", "劳动节调休"),
        ("2027-06-09", None, "false", "端午节"),
        ("2027-09-15", None, "false", "中秋节"),
        ("2027-10-01", "2027-10-07", "false", "国庆节"),
        ("2027-10-09", None, "true", "国庆节调休"),
    ]
)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GULOU, tmp_path / "gulou"))


def calendar(pack: Path, text: str) -> WorkCalendar:
    (pack / "calendar.toml").write_text(text, encoding="utf-8")
    return policy_from(json.loads(compile_pack(pack))).calendar


def faults(pack: Path, text: str) -> list[str]:
    with pytest.raises(PackInvalid) as invalid:
        calendar(pack, text)
    return [str(fault) for fault in invalid.value.faults]


def day(of: str, *, working: str = "false", until: str = "") -> str:
    return f'[[day]]\ndate = {of}\n{f"until = {until}" if until else ""}\nworking = {working}\nzh = "防汛停工"\n'


def test_a_pack_needs_no_calendar_of_its_own_and_an_empty_one_says_the_same(pack: Path) -> None:
    without = compile_pack(pack)
    (pack / "calendar.toml").write_text("# nothing\n", encoding="utf-8")
    assert compile_pack(pack) == without


def test_another_calendar_is_another_version(pack: Path) -> None:
    version = json.loads(compile_pack(pack))["version"]
    calendar(pack, day("2026-06-03"))
    assert json.loads(compile_pack(pack))["version"] != version


def test_the_calendar_adds_few_bytes_to_what_every_function_reads(pack: Path) -> None:
    """Thirteen for each day that is not what its weekday says: some 330 a year, three kilobytes of eighty."""
    compiled = json.loads(compile_pack(pack))
    written = len(json.dumps(compiled["calendar"], separators=(",", ":")))
    assert written < 400 * len(compiled["calendar"]["years"])
    assert written < len(compile_pack(pack)) / 20


def test_days_of_the_districts_own_are_off_or_worked_as_it_says(pack: Path) -> None:
    own = calendar(
        pack,
        day("2026-06-03", until="2026-06-07")  # Wednesday to Sunday
        + day("2026-06-13", working="true")  # a Saturday
        + day("2026-10-07", working="true")  # of National Day
        + day("2026-10-10"),  # a Saturday that the notice has worked
    )
    assert [own.is_working(date(2026, 6, of)) for of in (2, 3, 4, 5, 6, 7, 8, 13)] == [
        *(True, False, False, False, False, False, True, True)
    ]
    assert own.is_working(date(2026, 10, 7)) and not own.is_working(date(2026, 10, 10))
    assert set(own.reasons.values()) == {"防汛停工"} and len(own.reasons) == 8
    assert own.years == tuple(range(2018, 2027))


def test_a_day_of_a_year_that_is_not_announced_does_not_announce_it(pack: Path) -> None:
    own = calendar(pack, day("2027-06-03"))
    assert not own.is_working(date(2027, 6, 3))
    assert not own.knows(2027)


def test_a_year_is_announced_with_its_days(pack: Path) -> None:
    own = calendar(pack, ANNOUNCED)
    assert own.knows(2027) and own.is_announced(date(2026, 12, 31), date(2027, 12, 28))
    assert not own.is_announced(date(2027, 12, 28), date(2027, 12, 29))
    assert own.working_day_after(date(2026, 12, 31), 1) == date(2027, 1, 4)
    assert own.working_day_after(date(2027, 2, 12), 2) == date(2027, 2, 15)  # Sunday the 14th is the first


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            '[[day]]\ndate = "2026-06-03"\nworking = false\nzh = "防汛停工"',
            "day[0].date: must be a day without quotes, such as 2027-10-01, not '2026-06-03'",
        ),
        (
            day("2026-06-03T00:00:00"),
            "day[0].date: must be a day without quotes, such as 2027-10-01, not datetime.datetime(2026, 6, 3, 0, 0)",
        ),
        (day("2026-06-03", working='"no"'), "day[0].working: Input should be a valid boolean, not 'no'"),
        ("[[day]]\ndate = 2026-06-03\nworking = false", "day[0].zh: is missing"),
        (day("2026-06-03").replace("防汛停工", "flood"), "day[0].zh: must be in Chinese, not 'flood'"),
        ("[[days]]\ndate = 2026-06-03", "days: unknown key"),
        (day("2026-06-03", working="true"), "day[0].working: 2026-06-03 is a working day anyway"),
        (
            day("2026-06-06", until="2026-06-08", working="true"),
            "day[0].working: 2026-06-08 is a working day anyway",
        ),
        (day("2017-06-03"), "day[0].date: the calendar begins with 2018"),
        (day("2026-06-03", until="2026-06-03"), "day[0].until: is not within a month after 2026-06-03"),
        (day("2026-06-03", until="2026-06-02"), "day[0].until: is not within a month after 2026-06-03"),
        (day("2026-06-03", until="2027-06-04"), "day[0].until: is not within a month after 2026-06-03"),
        (
            day("2026-06-03", until="2026-06-05") + day("2026-06-04", until="2026-06-08"),
            "day[1].date: 2026-06-04 is named twice",
        ),
        ("[[year]]\nyear = 2017", "year[0].year: Input should be greater than or equal to 2018, not 2017"),
        (ANNOUNCED + "[[year]]\nyear = 2027", "year[1].year: 2027 is named twice"),
        (
            ANNOUNCED.replace("year = 2027", "year = 2028").replace("2027-", "2028-"),
            "year[0].year: 2028 cannot be announced while 2027 is not",
        ),
        (
            "[[year]]\nyear = 2027",
            "year[0].year: 2027 has 0 days off from Monday to Friday, and 0 worked at weekends: no year has less than "
            "11 more of the first",
        ),
        (
            ANNOUNCED.replace("until = 2027-10-07", "until = 2027-10-02"),
            "year[0].year: 2027 has 13 days off from Monday to Friday, and 3 worked at weekends: no year has less than "
            "11 more of the first",
        ),
    ],
)
def test_every_fault_of_the_calendar_is_named(pack: Path, text: str, fault: str) -> None:
    found = faults(pack, text)
    assert f"calendar.toml: {fault}" in found
    assert {each.split(": ")[0] for each in found} == {"calendar.toml"}


def test_a_day_that_is_misshapen_is_not_missed_in_its_year_as_well(pack: Path) -> None:
    text = ANNOUNCED.replace("date = 2027-10-01", 'date = "2027-10-01"')
    assert faults(pack, text) == [
        "calendar.toml: day[8].date: must be a day without quotes, such as 2027-10-01, not '2027-10-01'"
    ]
