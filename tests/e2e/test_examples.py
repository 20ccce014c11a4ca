"""A matter of each procedure from report to archive, over HTTP; everybody told, and its file as its document has it."""

from __future__ import annotations

import re

import pytest

from infra.day.district import District
from infra.day.examples import EXAMPLES, Example, HttpGround, play
from infra.settings import ROOT

_HAPPENED_BY_TIME = ("临期提醒", "超过时限", "回访时间已到", "送达登记")
"""What the documents show of time passing; here none passes, but until a visit is due, and no day is counted from."""
_BY_OTHERS_THERE = ("发现疑似同一事项",)
"""What the documents do not show: there a matter is alone, and here it is one of many."""


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_a_matter_goes_from_report_to_archive_as_its_document_tells(example: Example, district: District) -> None:
    resident = district.resident()
    ground = HttpGround(
        district.system,
        district.places[0],
        reporter={"name": resident.name, "phone": resident.international},
        noted=lambda report, phone: district.phones.update({report: phone}),
        sweep=district.sweep,
    )
    case_id = play(example, ground)
    district.told(case_id)
    lines = ground.timeline(case_id)
    assert not any(resident.name in line or resident.phone in line for line in lines)
    assert [_done(line) for line in lines if _counts(line)] == [
        _done(line) for line in _documented(example) if _counts(line)
    ]
    page = district.caller.get(f"/v1/cases/{case_id}/file", district.administrator)
    assert page.ok and all(line.split("　")[2].split("；")[0][:12] in page.text for line in lines)


def _documented(example: Example) -> list[str]:
    """The lines of an example's timeline in docs/examples."""
    text = (ROOT / "docs" / "examples" / f"{example.id}.md").read_text("utf-8")
    return [line.partition(". ")[2] for line in text.splitlines() if re.match(r"\d+\. ", line)]


def _counts(line: str) -> bool:
    return not any(what in line for what in (*_HAPPENED_BY_TIME, *_BY_OTHERS_THERE))


def _done(line: str) -> str:
    """What was done, by the first words of the sentence, without time and place."""
    line = re.sub("于[0-9]{4}年[0-9]+月[0-9]+日", "", line)
    return re.sub("^转.*甄别$", "转甄别", re.split("[：，（；]", line.split("　")[2])[0].removesuffix("。"))
