"""The public notice of an area, printed and as JSON, and the report form behind its QR code."""

from __future__ import annotations

import html
import json
import re
import time
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import uuid4

import itsdangerous.timed
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from chalicelib.domain.panels import LAWYER, Hours, Member
from chalicelib.handlers.forms import LIFE_SECONDS
from chalicelib.models.panel_rows import MemberRow, written
from infra.samples import SAMPLES
from infra.samples.generate_gulou import LABEL
from tests.integration.edge import INSIDE, Edge, logged
from tests.integration.gateway import Answer
from tests.network import rows_of
from tests.world import ADMIN, CELL, COMMUNITY

STREET, DISTRICT = COMMUNITY[:9], COMMUNITY[:6]
KINDS = ["dispute", "livelihood", "hazard", "population", "security", "petition"]
AWAY_CELL, VACANT_CELL = f"{COMMUNITY}0102", "3203020010030201"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"}
NAME, PHONE = "欧阳小山", "13812345678"


@pytest.fixture(scope="module", autouse=True)
def sample(deployment: Edge) -> list[dict[str, Any]]:
    """The sample's street with all it holds, the other streets, and how units are reached."""
    rows = [
        row
        for row in rows_of(SAMPLES / "gulou", deployment.policy, "2026-11-22")
        if row["sk"] in ("NETWORK", "UNIT")
        or row["pk"].startswith(f"AREA#{STREET}")
        or (row["pk"].startswith("AREA#") and len(row["pk"]) <= len("AREA#") + 9)
    ]
    with deployment.reference.batch_writer() as writer:
        for row in rows:
            writer.put_item(Item=row)
    return rows


@pytest.fixture
def changed(edge: Edge, sample: list[dict[str, Any]]) -> Iterator[Any]:
    """Changes a row of the sample; afterwards it is as before."""
    kept = {(row["pk"], row["sk"]): row for row in sample}
    touched: list[tuple[str, str]] = []

    def change(pk: str, sk: str, **attributes: Any) -> None:
        touched.append((pk, sk))
        edge.reference.put_item(Item={**kept.get((pk, sk), {"pk": pk, "sk": sk}), **attributes})

    yield change
    for pk, sk in touched:
        if (pk, sk) in kept:
            edge.reference.put_item(Item=kept[pk, sk])
        else:
            edge.reference.delete_item(Key={"pk": pk, "sk": sk})


def page(edge: Edge, code: str, **query: str) -> str:
    answer = edge.get(f"/v1/public/areas/{code}/notice.html", **query)
    assert answer.status == 200, answer.body
    return str(answer.body)


def notice(edge: Edge, code: str, **query: str) -> dict[str, Any]:
    answer = edge.get(f"/v1/public/areas/{code}/notice", **query)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body
    return found


def post_of(found: dict[str, Any], post: str) -> dict[str, Any]:
    (shown,) = [each for each in found["posts"] if each["post"] == post]
    return shown


class TestNotice:
    @pytest.mark.parametrize(
        ("code", "level", "own", "posts", "parts"),
        [
            (DISTRICT, "district", ["district-leader"], 1, 7),
            (STREET, "street", ["street-leader"], 2, 7),
            (
                COMMUNITY,
                "community",
                ["first-secretary", "community-police-officer", "mediator", "urban-management-officer"],
                6,
                4,
            ),
            (CELL[:14], "compound", ["grid-leader", "property-officer"], 8, 2),
            (CELL, "cell", ["information-officer"], 9, 0),
        ],
    )
    def test_every_level_has_its_notice_with_the_posts_of_the_areas_above(
        self, edge: Edge, code: str, level: str, own: list[str], posts: int, parts: int
    ) -> None:
        found = notice(edge, code)
        assert (found["area"]["code"], found["area"]["level"], found["valid_on"]) == (code, level, "2026-11-22")
        assert [post["post"] for post in found["posts"] if post["area"] == code] == own
        assert len(found["posts"]) == posts and all(post["holders"] for post in found["posts"])
        assert len(found["parts"]) == parts and all(part["head"]["holders"] for part in found["parts"])
        assert [kind["kind"] for kind in found["kinds"]] == KINDS
        printed = page(edge, code)
        for word in (found["area"]["name"], found["duty_phone"], found["supervision_phone"], LABEL, "井盖缺失破损"):
            assert html.escape(word) in printed
        for post in found["posts"]:
            assert all(html.escape(holder["name"]) in printed for holder in post["holders"])

    def test_a_communitys_notice_says_when_lawyers_sit_in_its_house_of_law(self, edge: Edge, changed: Any) -> None:
        lawyer = Member(
            "l1",
            "高<b>远",
            LAWYER,
            "示例律师事务所",
            phone="+8619900008001",
            hours=(Hours(COMMUNITY, 3, "09:00", "11:30"),),
        )
        changed(MemberRow.KEY, MemberRow.sk_of("l1"), member=written(lawyer))
        (hours,) = notice(edge, COMMUNITY)["law_house"]
        assert (hours["weekday_zh"], hours["from"], hours["next_on"]) == ("周三", "09:00", "2026-11-25")
        printed = page(edge, COMMUNITY)
        for words in ("居民法治之家", "每周三 09:00–11:30", "高&lt;b&gt;远", "示例律师事务所"):
            assert words in printed
        assert "8001" not in printed
        for code in (CELL, STREET):
            assert notice(edge, code)["law_house"] == [] and "居民法治之家" not in page(edge, code)

    def test_an_area_is_reached_through_its_own_centre_and_above_it_through_those_above(self, edge: Edge) -> None:
        found = notice(edge, CELL)
        assert [unit["id"] for unit in found["units"]] == [f"centre-{COMMUNITY}", f"centre-{STREET}", "linkage-centre"]
        assert found["duty_phone"] == found["units"][0]["duty_phone"]

    def test_where_a_centre_says_no_telephone_that_of_the_one_above_is_shown(self, edge: Edge, changed: Any) -> None:
        changed(f"UNIT#centre-{COMMUNITY}", "UNIT", duty_phone="", supervision_phone="")
        found = notice(edge, CELL)
        assert found["duty_phone"] == found["units"][1]["duty_phone"]
        assert found["supervision_phone"] == found["units"][1]["supervision_phone"]

    def test_who_is_away_is_shown_with_the_deputy_on_the_days_of_it(self, edge: Edge) -> None:
        (before,) = post_of(notice(edge, AWAY_CELL, on="2026-10-31"), "information-officer")["holders"]
        (today,) = post_of(notice(edge, AWAY_CELL), "information-officer")["holders"]
        assert (before["away"], before["deputy"]) == (False, None)
        assert (today["name"], today["away"], today["away_until"]) == (before["name"], True, "2027-03-31")
        leader = post_of(notice(edge, AWAY_CELL), "grid-leader")["holders"][0]
        assert today["deputy"] == {"name": leader["name"], "phone": leader["phone"]}
        assert f"外出至2027年3月31日，由 <b>{leader['name']}</b>" in page(edge, AWAY_CELL)
        assert "外出" not in page(edge, AWAY_CELL, on="2026-10-31")

    def test_a_vacant_post_says_since_when_and_who_answers_for_it(self, edge: Edge) -> None:
        assert not post_of(notice(edge, VACANT_CELL, on="2026-10-31"), "information-officer")["vacant"]
        vacant = post_of(notice(edge, VACANT_CELL), "information-officer")
        assert (vacant["vacant"], vacant["vacant_since"], vacant["holders"]) == (True, "2026-11-01", [])
        leader = post_of(notice(edge, VACANT_CELL), "grid-leader")["holders"][0]
        assert (vacant["stands_in"]["post"], vacant["stands_in"]["people"]) == (
            "grid-leader",
            [{"name": leader["name"], "phone": leader["phone"]}],
        )
        printed = page(edge, VACANT_CELL)
        assert "岗位空缺（2026年11月1日起），由" in printed and f"网格长代管：<b>{leader['name']}</b>" in printed

    def test_a_post_vacant_up_to_the_top_sends_to_the_duty_phone(self, edge: Edge, changed: Any) -> None:
        for row in edge.reference.scan()["Items"]:
            if row["sk"].startswith("POST#") and CELL.startswith(row["pk"].removeprefix("AREA#")):
                changed(row["pk"], row["sk"], until="2026-01-31")
        shown = post_of(notice(edge, CELL), "information-officer")
        assert (shown["vacant"], shown["stands_in"]) == (True, None)
        assert "岗位空缺（2026年2月1日起），请拨打值班电话" in page(edge, CELL)

    def test_a_phone_that_is_somebodys_own_is_never_shown(self, edge: Edge, changed: Any) -> None:
        (row,) = [
            row
            for row in edge.reference.scan()["Items"]
            if row["pk"] == f"AREA#{CELL}" and row["sk"].startswith("POST#")
        ]
        deputy = {"staff_id": "d", "name": "代班人", "phone": "+8619900009999", "email": "", "hide_phone": True}
        away = json.dumps([{"from": "2026-11-01", "until": "2026-12-31", **deputy}])
        changed(row["pk"], row["sk"], hide_phone=True, away=away)
        (holder,) = post_of(notice(edge, CELL), "information-officer")["holders"]
        assert (holder["phone"], holder["deputy"]) == (None, {"name": "代班人", "phone": None})
        printed = page(edge, CELL)
        assert "代班人" in printed and "19900009999" not in printed and row["phone"] not in printed
        assert "请拨打值班电话" in printed

    def test_names_are_text_and_nothing_else(self, edge: Edge, changed: Any) -> None:
        evil = "<script>alert('网格')</script>"
        changed(
            f"AREA#{CELL}",
            "AREA",
            said=json.dumps({"v1": {"name": evil, "level": "cell", "path": ["鼓楼区", "a", "b", "c", evil]}}),
        )
        changed("NETWORK", "NETWORK", label=evil)
        changed(f"UNIT#centre-{COMMUNITY}", "UNIT", duty_phone='"><img src=x>', address=evil)
        printed, form = page(edge, CELL), edge.get(f"/v1/public/areas/{CELL}/report").body
        assert printed.count("&lt;script&gt;") >= 3 and "<script" not in printed and "<img" not in printed
        assert "&lt;script&gt;" in form and form.count("<script") == 1 and "<img" not in form

    def test_the_page_loads_nothing_and_runs_only_what_its_policy_names(self, edge: Edge) -> None:
        for path in ("notice.html", "report"):
            answer = edge.get(f"/v1/public/areas/{CELL}/{path}")
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "*" not in policy
            inline = re.findall(r"<(style|script)>(.*?)</\1>", answer.body, re.DOTALL)
            for kind, content in inline:
                digest = b64encode(sha256(content.encode()).digest()).decode()
                assert f"{kind}-src 'sha256-{digest}'" in policy
            assert [kind for kind, _ in inline] == (["style"] if path == "notice.html" else ["style", "script"])
            assert not re.search(r"\b(src|style|on\w+)=|<link|@import|url\(", answer.body)

    def test_a_cell_is_drawn_among_its_neighbours_and_a_wider_area_with_its_parts(self, edge: Edge) -> None:
        cell, community = page(edge, CELL), page(edge, COMMUNITY)
        assert cell.count('class="shape own"') == 1 and cell.count('class="shape t') == 1
        assert community.count('class="shape t') == 4 and community.count('class="outline"') == 1
        assert "第1网格" in cell and "第2网格" in cell

    def test_an_area_without_an_outline_has_a_notice_without_a_map(self, edge: Edge, changed: Any) -> None:
        code = "3203020019990101"
        for digits in (12, 14, 16):
            said = {"name": "新网格", "level": "cell", "path": ["鼓楼区", "黄楼街道", "新社区", "新小区", "新网格"]}
            changed(f"AREA#{code[:digits]}", "AREA", said=json.dumps({"v1": said}))
        assert "暂无位置图" in page(edge, code)

    def test_it_may_be_kept_for_five_minutes_and_is_sent_again_only_when_it_changed(
        self, edge: Edge, changed: Any
    ) -> None:
        for path in ("notice", "notice.html"):
            first = edge.get(f"/v1/public/areas/{CELL}/{path}")
            assert first.headers["Cache-Control"] == "public, max-age=300" and first.headers["Vary"] == "Accept"
            tag = {"If-None-Match": f'W/{first.headers["ETag"]}, "other"'}
            again = edge.request("GET", f"/v1/public/areas/{CELL}/{path}", headers=dict(tag))
            assert (again.status, again.body, again.headers["ETag"]) == (304, "", first.headers["ETag"])
            changed(f"UNIT#centre-{COMMUNITY}", "UNIT", duty_phone=f"0516-0000{len(path)}")
            assert edge.request("GET", f"/v1/public/areas/{CELL}/{path}", headers=dict(tag)).status == 200

    @pytest.mark.parametrize("accept", ["application/json", "*/*", None, "application/json, text/html"])
    def test_who_does_not_ask_for_a_page_first_gets_json(self, edge: Edge, accept: str | None) -> None:
        answer = edge.request("GET", f"/v1/public/areas/{CELL}/notice", headers={"Accept": accept})
        assert answer.body["area"]["code"] == CELL

    def test_a_browser_gets_the_page(self, edge: Edge) -> None:
        answer = edge.request("GET", f"/v1/public/areas/{CELL}/notice", headers={**BROWSER})
        assert answer.headers["Content-Type"].startswith("text/html") and answer.body == page(edge, CELL)

    @pytest.mark.parametrize(
        "code", ["320302001999", "320302", "32030200100201", "abc", "3203020010020", "9" * 300, "..%2f", "320302%00"]
    )
    def test_what_is_no_area_is_not_found(self, edge: Edge, code: str) -> None:
        known = code in (DISTRICT, CELL[:14])
        asked = {"on": "2013-12-31"} if known else {}
        assert edge.get(f"/v1/public/areas/{code}/notice", **asked).code == "not-found"
        for path in ("notice.html", "report") if not known else ("notice.html",):
            answer = edge.get(f"/v1/public/areas/{code}/{path}", **asked)
            assert answer.status == 404 and "没有这个网格" in answer.body

    @pytest.mark.parametrize("on", ["yesterday", "2026-13-01", "", "2026-02-30", "20261201", "2026-W49-2", "1" * 400])
    def test_a_day_that_is_none_is_refused(self, edge: Edge, on: str) -> None:
        for path in ("notice", "notice.html"):
            answer = edge.get(f"/v1/public/areas/{CELL}/{path}", on=on)
            assert (answer.status, answer.code, answer.field) == (400, "query-invalid", "on")


class TestEndedArea:
    @pytest.fixture(autouse=True)
    def ended(self, changed: Any) -> None:
        """From 2026-11-20 on, the cell and its compound are no more."""
        changed("NETWORK", "NETWORK", versions=json.dumps([["v1", "2014-01-01"], ["v2", "2026-11-20"]]))
        for code in (CELL, CELL[:14]):
            area = {"name": "万通社区第1网格", "level": "cell", "path": ["鼓楼区", "黄楼街道", "万通社区", "x", "y"]}
            changed(f"AREA#{code}", "AREA", said=json.dumps({"v1": area, "v2": None}))

    def test_it_says_since_when_and_what_there_is_now(self, edge: Edge) -> None:
        answer = edge.get(f"/v1/public/areas/{CELL}/notice")
        assert (answer.status, answer.code) == (410, "area-ended")
        assert (answer.body["ended_on"], answer.body["now"]) == ("2026-11-20", COMMUNITY)
        printed = edge.get(f"/v1/public/areas/{CELL}/notice.html")
        assert printed.status == 410 and f'href="../{COMMUNITY}/notice.html"' in printed.body
        assert "2026-11-20" in printed.body

    def test_before_its_end_it_had_its_notice(self, edge: Edge) -> None:
        assert notice(edge, CELL, on="2026-11-19")["area"]["code"] == CELL

    def test_its_sign_still_opens_a_form_of_the_area_above(self, edge: Edge) -> None:
        form = Form(edge, CELL)
        assert f"您扫描的网格（{CELL}）已经调整" in form.html
        case = edge.case(form.case_of(form.send().body))
        assert case["area"]["code"] == COMMUNITY

    def test_a_form_whose_area_ended_while_it_was_filled_in_asks_for_a_new_one(self, edge: Edge, changed: Any) -> None:
        changed("NETWORK", "NETWORK", versions=json.dumps([["v1", "2014-01-01"]]))
        form = Form(edge, CELL)
        changed("NETWORK", "NETWORK", versions=json.dumps([["v1", "2014-01-01"], ["v2", "2026-11-20"]]))
        refused = form.send()
        assert (refused.status, refused.code) == (422, "unknown-area") and f'"{refused.code}"' in form.html
        assert Form(edge, CELL).send().status == 201


def drawn(svg: str) -> Image.Image:
    """A QR code of the page as a picture: dark runs of one row each, as segno writes them."""
    size = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])  # type: ignore[index]
    scale, border = 6, 4
    picture = Image.new("L", ((size + 2 * border) * scale,) * 2, 255)
    pen, x, y = ImageDraw.Draw(picture), 0.0, 0.0
    path = re.search(r' d="([^"]+)"', svg)[1]  # type: ignore[index]
    for command, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", path):
        if command == "h":
            left, top = (x + border) * scale, (y - 0.5 + border) * scale
            pen.rectangle((left, top, left + float(first) * scale - 1, top + scale - 1), fill=0)
            x += float(first)
        elif command == "M":
            x, y = float(first), float(second)
        else:
            x, y = x + float(first), y + float(second or 0)
    return picture


def test_the_qr_code_opens_the_report_form_of_the_area(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    for code in (CELL, COMMUNITY, STREET):
        (svg,) = re.findall(r'<svg [^>]*class="qr".*?</svg>', page(edge, code), re.DOTALL)
        (read,) = zxingcpp.read_barcodes(drawn(svg))
        assert read.text == f"https://wangge.example/api/v1/public/areas/{code}/report"
        assert read.text == notice(edge, code)["report_url"]


class Form:
    """The report form of an area, as a phone got it."""

    def __init__(self, edge: Edge, code: str) -> None:
        self._edge = edge
        answer = edge.get(f"/v1/public/areas/{code}/report")
        assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
        self.html = str(answer.body)
        self.token = re.search(r'data-form="([^"]+)"', self.html)[1]  # type: ignore[index]
        self.key = re.search(r'data-key="([^"]+)"', self.html)[1]  # type: ignore[index]

    def send(self, key: str | None = None, **said: Any) -> Answer:
        body = {"form": self.token, "text": "三号楼前井盖缺失", **said}
        return self._edge.post("/v1/public/reports", body, key=key or self.key)

    def case_of(self, receipt: dict[str, Any]) -> str:
        found: str = self._edge.get("/v1/cases", ADMIN, source="web", message_id=self.key).body["case_id"]
        assert self._edge.case(found)["tracking_code"] == receipt["tracking_code"]
        return found


class TestReportForm:
    def test_a_report_on_the_form_becomes_a_case_in_its_cell_and_is_answered_by_sms(self, edge: Edge) -> None:
        form = Form(edge, CELL)
        assert "万通社区第1网格" in form.html
        with logged() as lines:
            answer = form.send(phone="138 1234 5678", name=NAME, address="三号楼2单元", position=INSIDE)
        assert (answer.status, answer.body["community"], answer.body["answered_by_sms"]) == (201, "万通社区", True)
        code = answer.body["tracking_code"]
        assert answer.body["track_url"] == f"https://wangge.example/api/v1/public/track/{code}"
        case = edge.case(form.case_of(answer.body))
        assert (case["area"]["code"], case["category"], case["state"]) == (CELL, "missing-manhole-cover", "assigned")
        (report_id,) = case["reports"]
        report = edge.get(f"/v1/reports/{report_id}", ADMIN).body
        assert (report["source"], report["address"], report["reporter"]["contactable"]) == ("web", "三号楼2单元", True)
        edge.settle()
        ((number, text),) = [sent for sent in edge.texts() if sent[0].endswith(PHONE)]
        assert number == f"+86{PHONE}" and code in text
        for secret in (NAME, PHONE):
            assert secret not in "".join(lines) and secret not in edge.stored()

    def test_who_leaves_no_phone_is_anonymous_and_follows_the_matter_by_its_code(self, edge: Edge) -> None:
        answer = Form(edge, CELL).send()
        assert answer.body["answered_by_sms"] is False
        edge.settle()
        assert not [text for _, text in edge.texts() if "查询码" in text]
        assert edge.get(f"/v1/public/track/{answer.body['tracking_code']}").body["state"] == "assigned"
        shown = edge.request("GET", f"/v1/public/track/{answer.body['tracking_code']}", headers={**BROWSER})
        for word in (answer.body["tracking_code"], "井盖缺失破损", "万通社区", "已交办", "2026-11-22 10:00"):
            assert word in shown.body
        assert "第1网格" not in shown.body

    def test_from_where_a_resident_reported_is_written_down_nowhere(self, edge: Edge) -> None:
        with logged() as lines:
            form = Form(edge, CELL)
            assert form.send(phone=PHONE).status == 201
        (entry,) = edge.entries()
        assert (entry["what"], entry["reader"], entry["source"]) == ("case.reported.v1", "web", "-")
        assert "192.0.2." not in edge.stored() + "".join(lines)

    def test_an_unknown_tracking_code_has_a_page_that_says_so(self, edge: Edge) -> None:
        answer = edge.request("GET", "/v1/public/track/00000000", headers={**BROWSER})
        assert answer.status == 404 and "没有这个查询码" in answer.body

    def test_words_that_tell_nothing_are_screened_at_the_station_of_the_community(self, edge: Edge) -> None:
        form = Form(edge, CELL)
        case = edge.case(form.case_of(form.send(text="你们来看一下").body))
        assert (case["state"], case["unit"]["id"]) == ("screening", f"centre-{COMMUNITY}")

    @pytest.mark.parametrize("code", [DISTRICT, STREET, COMMUNITY, CELL[:14]])
    def test_every_level_has_a_form(self, edge: Edge, code: str) -> None:
        form = Form(edge, code)
        case = edge.case(form.case_of(form.send().body))
        assert case["area"]["code"] == code

    def test_sent_twice_it_is_taken_once_and_with_other_words_refused(self, edge: Edge) -> None:
        form = Form(edge, CELL)
        first, again = form.send(), form.send()
        assert (first.status, first.body) == (again.status, again.body)
        assert form.send(text="别的事情").code == "idempotency-conflict"

    def test_a_form_is_good_for_one_report(self, edge: Edge) -> None:
        answer = Form(edge, CELL).send(key=str(uuid4()))
        assert (answer.status, answer.code, answer.field) == (403, "form-invalid", "Idempotency-Key")

    @pytest.mark.parametrize("token", ["x", "a.b.c", "吓", "W10.aaaa.bbbb"])
    def test_a_forged_form_is_refused_and_nothing_stored(self, edge: Edge, token: str) -> None:
        answer = Form(edge, CELL).send(form=token)
        assert (answer.status, answer.code, answer.field) == (403, "form-invalid", "form")
        assert "井盖" not in edge.stored()

    def test_a_form_of_another_cell_cannot_be_made_of_this_one(self, edge: Edge) -> None:
        form, other = Form(edge, CELL), Form(edge, AWAY_CELL)
        mixed = ".".join([other.token.split(".")[0], *form.token.split(".")[1:]])
        assert form.send(form=mixed).code == "form-invalid"

    def test_an_expired_form_is_refused_but_what_came_in_time_is_answered_again(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent, unsent = Form(edge, CELL), Form(edge, CELL)
        first = sent.send()
        now = time.time()
        monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: now + LIFE_SECONDS + 2)
        assert (unsent.send().status, unsent.send().code) == (403, "form-expired")
        assert sent.send().body == first.body
        assert sent.send(text="别的事情").code == "idempotency-conflict"

    @pytest.mark.parametrize(
        ("said", "code", "field"),
        [
            ({"text": " "}, "text-empty", "text"),
            ({"text": "井" * 4001}, "text-too-long", "text"),
            ({"phone": "12345"}, "phone-invalid", "phone"),
            ({"category": "noise"}, "unknown-field", "category"),
            ({"urgency": "major"}, "unknown-field", "urgency"),
            ({"media": []}, "unknown-field", "media"),
            ({"area": CELL}, "unknown-field", "area"),
            ({"position": {"lat": 0, "lon": 0}}, "position-outside-district", "position"),
            ({"form": 7}, "wrong-type", "form"),
            ({"form": "x" * 401}, "text-too-long", "form"),
        ],
    )
    def test_what_a_resident_may_not_say_is_refused(
        self, edge: Edge, said: dict[str, Any], code: str, field: str
    ) -> None:
        answer = Form(edge, CELL).send(**said)
        assert (answer.status, answer.code, answer.field) == (422, code, field)

    def test_without_a_key_it_is_refused(self, edge: Edge) -> None:
        answer = edge.post("/v1/public/reports", {"form": "x", "text": "y"}, headers={"Idempotency-Key": None})
        assert answer.code == "idempotency-key-required"
