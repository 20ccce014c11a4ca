"""A network comes in by the API: announced, uploaded, planned by its own function, applied when that is asked."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from chalicelib.domain.errors import TemporarilyUnavailable
from chalicelib.models.audit_store import DynamoAuditLog
from infra.network import function
from infra.network.function import Upload
from tests.integration.edge import REGION, Edge, sqs_record
from tests.network import CELLS, Rows, everything, network, tables, write
from tests.world import ADMIN, LINKAGE, STATION

IMPORTS = "/v1/network/imports"


@pytest.fixture
def edge(edge: Edge) -> Iterator[Edge]:
    """Without the network that other tests stand on, which nobody imported; it is put back."""
    table = edge.reference
    kept = table.scan()["Items"]
    _emptied(table)
    yield edge
    _emptied(table)
    for row in kept:
        table.put_item(Item=row)


def _emptied(table: Any) -> None:
    for row in table.scan()["Items"]:
        table.delete_item(Key={"pk": row["pk"], "sk": row["sk"]})


def zipped(directory: Path, prefix: str = "gulou/", extra: dict[str, bytes] | None = None) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        for path in sorted(directory.iterdir()):
            files.write(path, f"{prefix}{path.name}")
        for name, content in (extra or {}).items():
            files.writestr(name, content)
    return archive.getvalue()


def upload(edge: Edge, content: bytes, import_id: str | None = None) -> str:
    """Announce and upload; the function gets to hear of it."""
    if import_id is None:
        form = edge.post(IMPORTS, {"bytes": len(content)}, ADMIN)
        assert form.status == 201
        import_id = form.body["import_id"]
        assert form.body["fields"]["key"] == f"imports/{import_id}.zip"
    key = f"imports/{import_id}.zip"
    boto3.client("s3", REGION).put_object(Bucket=edge.names["Media"], Key=key, Body=content)
    assert edge.deliver("importer", [edge.object_notification(key, len(content))]) == []
    return import_id


def apply(edge: Edge, import_id: str) -> Any:
    answer = edge.post(f"{IMPORTS}/{import_id}/apply", {}, ADMIN)
    for record in edge.take_from("Imports"):
        assert edge.deliver("importer", [record]) == []
    return answer


def seen(edge: Edge, import_id: str) -> dict[str, Any]:
    found: dict[str, Any] = edge.get(f"{IMPORTS}/{import_id}", ADMIN).body
    return found


def spoilt() -> dict[str, Rows]:
    said = tables()
    said["staff.csv"][0]["phone"] = "no phone"
    return said


def test_a_network_is_announced_uploaded_planned_and_applied(edge: Edge, tmp_path: Path) -> None:
    import_id = upload(edge, zipped(write(tmp_path)))
    planned = seen(edge, import_id)
    assert planned["state"] == "planned"
    assert planned["plan"]["counts"]["area"] == {"added": 9}
    assert (edge.reference.get_item(Key={"pk": "NETWORK", "sk": "NETWORK"}).get("Item")) is None
    assert apply(edge, import_id).status == 202
    assert seen(edge, import_id)["state"] == "applied"
    assert edge.get(f"/v1/areas/{CELLS[0]}", ADMIN).status == 200
    again = seen(edge, upload(edge, zipped(tmp_path)))
    assert (again["state"], again["plan"]["empty"], again["plan"]["changes"]) == ("planned", True, [])


def test_who_had_it_done_stands_in_the_audit_before_it_is_done(
    edge: Edge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = upload(edge, zipped(write(tmp_path)))
    entry = edge.entries()[-1]
    assert (entry["what"], entry["reader"], entry["thing"]) == ("network.import", ADMIN.id, f"import:{import_id}")

    def down(*_: Any, **__: Any) -> None:
        raise TemporarilyUnavailable()

    with monkeypatch.context() as patch:
        patch.setattr(DynamoAuditLog, "put", down)
        assert edge.post(f"{IMPORTS}/{import_id}/apply", {}, ADMIN).status == 503
    assert edge.take_from("Imports") == []
    assert edge.post(f"{IMPORTS}/{import_id}/apply", {}, ADMIN).status == 202
    assert edge.entries()[-1]["thing"] == f"import:{import_id}" and len(edge.entries()) == 2


def test_applying_twice_applies_once(edge: Edge, tmp_path: Path) -> None:
    import_id = upload(edge, zipped(write(tmp_path)))
    for _ in range(2):
        edge.post(f"{IMPORTS}/{import_id}/apply", {}, ADMIN)
    for record in edge.take_from("Imports"):
        assert edge.deliver("importer", [record]) == []
    assert seen(edge, import_id)["plan"]["counts"]["area"] == {"added": 9}
    assert apply(edge, import_id).body["state"] == "applied"
    assert edge.take_from("Imports") == [] and edge.dead_letters() == []


def test_an_upload_that_is_told_of_once_more_stays_applied(edge: Edge, tmp_path: Path) -> None:
    """S3 tells of an object at least once."""
    content = zipped(write(tmp_path))
    import_id = upload(edge, content)
    apply(edge, import_id)
    before = seen(edge, import_id)
    assert edge.deliver("importer", [edge.object_notification(f"imports/{import_id}.zip", len(content))]) == []
    assert seen(edge, import_id) == before and before["state"] == "applied"


def test_an_upload_with_faults_is_refused_with_every_one_of_them(edge: Edge, tmp_path: Path) -> None:
    features = network()
    features[-1]["geometry"]["coordinates"][0][1][0] += 0.001
    features[-1]["geometry"]["coordinates"][0][2][0] += 0.001
    import_id = upload(edge, zipped(write(tmp_path, features, spoilt())))
    refused = seen(edge, import_id)
    assert refused["state"] == "refused" and not refused["plan"]["good"]
    assert [(fault["file"], fault["line"], fault["column"]) for fault in refused["plan"]["faults"]] == [
        ("staff.csv", 2, "phone")
    ]
    assert {fault["code"] for fault in refused["plan"]["ground"]} >= {"outside-parent"}
    assert all(fault["place"] for fault in refused["plan"]["ground"])
    assert apply(edge, import_id).code == "import-has-faults"
    assert edge.reference.get_item(Key={"pk": "NETWORK", "sk": "NETWORK"}).get("Item") is None


def test_what_became_wrong_since_the_plan_is_refused_when_it_is_applied(edge: Edge, tmp_path: Path) -> None:
    first = upload(edge, zipped(write(tmp_path / "1")))
    earlier = upload(edge, zipped(write(tmp_path / "2", from_day="2013-01-01")))
    assert seen(edge, earlier)["state"] == "planned"
    apply(edge, first)
    assert apply(edge, earlier).status == 202
    assert seen(edge, earlier)["state"] == "refused"


def test_an_upload_that_was_replaced_after_its_plan_is_not_applied(edge: Edge, tmp_path: Path) -> None:
    import_id = upload(edge, zipped(write(tmp_path / "1")))
    other = zipped(write(tmp_path / "2", [*network()[:-1], _renamed(network()[-1])]))
    edge.post(f"{IMPORTS}/{import_id}/apply", {}, ADMIN)
    boto3.client("s3", REGION).put_object(Bucket=edge.names["Media"], Key=f"imports/{import_id}.zip", Body=other)
    assert edge.deliver("importer", edge.take_from("Imports")) == []
    ((_, reason),) = edge.dead_letters()
    assert "replaced" in reason
    assert edge.reference.get_item(Key={"pk": "NETWORK", "sk": "NETWORK"}).get("Item") is None


@pytest.mark.parametrize(
    "content", [b"", b"no archive", b"PK\x03\x04" + bytes(40), zipfile.ZipFile], ids=["empty", "text", "cut", "bare"]
)
def test_what_is_no_archive_is_refused_as_an_import_without_files(edge: Edge, content: Any) -> None:
    archive = io.BytesIO()
    if content is zipfile.ZipFile:
        zipfile.ZipFile(archive, "w").close()
        content = archive.getvalue()
    refused = seen(edge, upload(edge, content, uuid4().hex))
    assert refused["state"] == "refused"
    assert {fault["file"] for fault in refused["plan"]["faults"]} >= {"areas.geojson", "staff.csv"}


def test_an_archive_unpacks_its_files_by_name_and_nothing_else(tmp_path: Path) -> None:
    given = write(tmp_path / "in")
    extra = {"../../escaped.csv": b"x", "gulou/notes.docx": b"x", "/etc/duty.csv": b"unit\n"}
    out = tmp_path / "out" / "here"
    out.mkdir(parents=True)
    Upload("i", zipped(given, "a/b/c/", extra)).unzip(out)
    assert {path.name for path in out.iterdir()} == {path.name for path in given.iterdir()}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["here"]


def test_an_archive_that_swells_is_cut_off_where_an_import_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function, "MOST_TABLE_BYTES", 1000)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("staff.csv", b"0" * 10_000_000)
    Upload("i", archive.getvalue()).unzip(tmp_path)
    assert (tmp_path / "staff.csv").stat().st_size == 1001


@pytest.mark.parametrize("by", [STATION, LINKAGE], ids=lambda member: member.role)
def test_only_administrators_import(edge: Edge, by: Any, tmp_path: Path) -> None:
    import_id = upload(edge, zipped(write(tmp_path)))
    assert edge.post(IMPORTS, {"bytes": 10}, by).code == "forbidden"
    assert edge.get(f"{IMPORTS}/{import_id}", by).code == "forbidden"
    assert edge.post(f"{IMPORTS}/{import_id}/apply", {}, by).code == "forbidden"
    assert edge.take_from("Imports") == []


def test_what_was_never_looked_at_is_not_found(edge: Edge) -> None:
    announced = edge.post(IMPORTS, {"bytes": 10}, ADMIN).body["import_id"]
    for import_id in (announced, "0" * 32, "%20"):
        assert edge.get(f"{IMPORTS}/{import_id}", ADMIN).code == "not-found"
        assert edge.post(f"{IMPORTS}/{import_id}/apply", {}, ADMIN).code == "not-found"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "field-required"),
        ({"bytes": 0}, "value-not-allowed"),
        ({"bytes": "many"}, "wrong-type"),
        ({"bytes": 10, "more": 1}, "unknown-field"),
        ({"bytes": 65 * 2**20}, "attachment-too-large"),
    ],
)
def test_a_bad_announcement_is_refused(edge: Edge, body: dict[str, Any], code: str) -> None:
    assert edge.post(IMPORTS, body, ADMIN).code == code


def test_the_same_key_is_the_same_import_and_nobody_elses(edge: Edge) -> None:
    key = str(uuid4())
    first, again = (edge.post(IMPORTS, {"bytes": 10}, ADMIN, key=key).body["import_id"] for _ in range(2))
    assert first == again
    assert edge.post(IMPORTS, {"bytes": 10}, ADMIN).body["import_id"] != first


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not json", "JSONDecodeError"),
        (json.dumps({"apply": "0" * 32}), "LookupError"),
        (json.dumps({"Records": [{"s3": {"object": {"key": "media/1"}}}]}), "ValueError"),
        (json.dumps({"Records": [{}]}), "KeyError"),
        (json.dumps([]), "AttributeError"),
    ],
)
def test_poison_is_put_with_the_dead_letters(edge: Edge, body: str, reason: str) -> None:
    assert edge.deliver("importer", [sqs_record(body)]) == []
    ((put, why),) = edge.dead_letters()
    assert put == body and why.startswith(reason)


def test_what_is_kept_of_a_plan_names_nobody(edge: Edge, tmp_path: Path) -> None:
    import_id = upload(edge, zipped(write(tmp_path, said=spoilt())))
    told = json.dumps(seen(edge, import_id), ensure_ascii=False)
    for row in tables()["staff.csv"]:
        assert row["name"] not in told and row["phone"].removeprefix("+86") not in told
    assert everything(boto3.client("dynamodb", REGION), edge.names["Reference"]).keys() == {
        (f"IMPORT#{import_id}", "IMPORT")
    }


def _renamed(feature: dict[str, Any]) -> dict[str, Any]:
    return {**feature, "properties": {**feature["properties"], "name": "万通社区第九网格"}}
