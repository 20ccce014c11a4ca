"""The examples under a clock set by hand: their documents are what they give, and the file of a case is a page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.domain import events as E
from chalicelib.domain.narrating import _teller, told
from infra.day.examples import EXAMPLES, Example
from tests.examples import COMMAND, DOCUMENTS, PRINTED, document, index, laid, played, printed
from tests.integration.edge import Edge
from tests.integration.gateway import answer_of, gateway_event
from tests.world import ADMIN, CELL, LINKAGE, STATION, officer_of

_REPORTER = ("欧阳春晓", "19903000001")


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with laid(tmp_path_factory.mktemp("examples")) as made:
        yield made


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_the_document_of_an_example_is_what_its_script_gives(example: Example, edge: Edge) -> None:
    written = (DOCUMENTS / f"{example.id}.md").read_text("utf-8")
    assert written == document(example, played(example, edge)), f"run `{COMMAND}`"
    page = (DOCUMENTS / f"{example.id}.html").read_text("utf-8") if example.id in PRINTED else ""
    assert not PRINTED.get(example.id) or page == printed(example, edge), f"run `{COMMAND}`"
    assert not any(secret in text for text in (written, page) for secret in _REPORTER)


def test_there_is_an_example_of_every_procedure(edge: Edge) -> None:
    assert set(edge.policy.procedures) - {"common"} <= set(EXAMPLES)
    assert {path.stem for path in DOCUMENTS.glob("*.md")} == {*EXAMPLES, "README"}
    assert {path.stem for path in DOCUMENTS.glob("*.html")} == set(PRINTED)
    assert (DOCUMENTS / "README.md").read_text("utf-8") == index()


def test_there_is_a_sentence_for_every_event_that_can_happen_to_a_case() -> None:
    assert all(_teller(event_type) for event_type in E.CASE_EVENT_TYPES)


def test_the_timeline_tells_each_event_as_a_sentence_of_the_file(edge: Edge) -> None:
    file = played(EXAMPLES["hotline"], edge)
    items = _get(edge, f"/v1/cases/{_case_of(edge, file.tracking_code)}/timeline").body["items"]
    assert [item["text_zh"] for item in items] == [entry.told.text for entry in file.entries]


def test_the_file_of_a_case_is_a_page_that_names_no_reporter_and_is_noted_as_its_timeline_is(edge: Edge) -> None:
    case_id = _case_of(edge, played(EXAMPLES["dispute"], edge).tracking_code)
    answer = _get(edge, f"/v1/cases/{case_id}/file", STATION)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.headers["ETag"] == f'"{_get(edge, f"/v1/cases/{case_id}").body["version"]}"'
    assert "化解层级由社区到街道" in answer.body and not any(secret in answer.body for secret in _REPORTER)
    noted = [entry for entry in edge.entries() if entry["what"] == "timeline.read" and entry["reader"] == STATION.id]
    assert [(entry["case"], entry["outcome"]) for entry in noted] == [(case_id, "done")]


def test_what_somebody_wrote_is_text_in_the_page_and_nothing_else(edge: Edge) -> None:
    edge.empty()
    case_id = _report(edge, "公共厕所没水", category="public-toilet")
    _act(edge, case_id, "return", officer_of("urban-management"), reason="<script>alert(1)</script> & 不属本单位")
    page = _get(edge, f"/v1/cases/{case_id}/file").body
    assert "<script>" not in page and "&lt;script&gt;alert(1)&lt;/script&gt; &amp; 不属本单位" in page


def test_the_file_of_a_case_that_may_not_be_seen_is_not_there(edge: Edge) -> None:
    edge.empty()
    case_id = _report(edge, "某干部不作为", category="petition-official-conduct")
    assert (_get(edge, f"/v1/cases/{case_id}/file", LINKAGE).status, _get(edge, "/v1/cases/0/file").status) == (
        404,
        404,
    )


def test_an_event_is_told_in_the_words_of_its_own_pack_and_by_id_where_they_are_gone(edge: Edge) -> None:
    """A history stays readable whatever a later pack leaves out."""
    played(EXAMPLES["hazard"], edge)
    history = bootstrap.reading().timeline(next(iter(_case_ids(edge))), ADMIN)
    bare = bootstrap.policy()
    gone = type(bare)(**{**_fields(bare), "units": {}, "categories": {}, "kinds": {}, "roles": {}})
    lines = told(history, lambda version: gone)
    assert len(lines) == len(history)
    assert "urban-management" in "".join(line.text for line in lines)


def test_time_that_is_told_is_the_districts(edge: Edge) -> None:
    edge.empty()
    edge.clock.forward(hours=14, minutes=30)  # 00:30 of the next day in Gulou
    case_id = _report(edge, "公共厕所没水", category="public-toilet")
    (first, *_) = _get(edge, f"/v1/cases/{case_id}/timeline").body["items"]
    local = edge.clock.now() + timedelta(hours=8)
    assert first["text_zh"].startswith(f"{local.year}年{local.month}月{local.day}日00时30分　")


def _fields(policy: Any) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in policy.__dataclass_fields__}


def _get(edge: Edge, path: str, by: Any = ADMIN, **query: str) -> Any:
    return answer_of(edge.invoke("api", gateway_event("GET", path, None, by, query, {})))


def _report(edge: Edge, text: str, **said: str) -> str:
    receipt = bootstrap.intake().submit(_worded(edge, text, **said), ADMIN.actor, "r")
    return receipt.case_id


def _worded(edge: Edge, text: str, **said: str) -> Any:
    from chalicelib.domain.reports import Report

    now = edge.clock.now()
    known: dict[str, Any] = {"source": "mobile", "message_id": text, "fingerprint": text, "text": text}
    return Report(**known, told_at=now, received_at=now, area_code=CELL, submitted_by=ADMIN.id, **said)


def _act(edge: Edge, case_id: str, action: str, by: Any, **said: str) -> None:
    from chalicelib.domain.acts import Particulars
    from chalicelib.domain.records import Command
    from chalicelib.services.acting import Asked

    version = bootstrap.reading().case(case_id, ADMIN).version
    bootstrap.acting().act(
        case_id, action, Asked(by, Command(f"{case_id}-{action}", ""), version, "r"), Particulars(**said)
    )


def _case_of(edge: Edge, tracking_code: str) -> str:
    return str(_get(edge, "/v1/cases", tracking_code=tracking_code).body["case_id"])


def _case_ids(edge: Edge) -> set[str]:
    return {
        str(item.attrs["pk"].value)[5:]
        for item in edge._written()[0].all_items()
        if str(item.attrs["pk"].value).startswith("CASE#")
    }
