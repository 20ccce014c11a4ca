"""The function `importer`: plans what was uploaded by the API, and applies what was asked to be.

It has a package of its own, with the geometry library, so that no other function's start pays for that. One message at
a time: an S3 notification of an upload, or `{"apply": id}`. What fails for the moment comes again; what can never be
done goes to the dead letters.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from chalicelib.adapters import aws
from chalicelib.adapters.queues import SqsDeadLetters
from chalicelib.config import settings
from chalicelib.models.reference_rows import ImportRow
from chalicelib.observability import logger, trace_of
from chalicelib.services.imports import APPLIED, KEY_PREFIX, KEY_SUFFIX, PLANNED, REFUSED
from infra.network.content import compact
from infra.network.given import AREAS, MOST_TABLE_BYTES, TABLES
from infra.network.importing import Importer
from infra.network.plan import Plan
from infra.network.summary import as_json
from infra.network.table import ReferenceTable, Row

MOST_TOLD = 200
"""Of the changes and faults of a plan, so many are kept; their numbers are whole."""

MOST_AREAS_BYTES = 128 * 2**20
"""What fits the function's memory: some 160,000 cells. The operator's command takes four times as much."""

_NEVER = (AttributeError, LookupError, TypeError, ValueError)


class Upload:
    """A zipped directory as it lies in the bucket."""

    def __init__(self, import_id: str, content: bytes) -> None:
        self.id = import_id
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._content = content

    def unzip(self, directory: Path) -> None:
        """Writes the files that a directory may have, found by their names wherever in the archive they lie.

        An archive that is none gives none, which the plan then says. Nothing else is unpacked, and no more than an
        import takes, whatever the archive says of its size.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(self._content)) as archive:
                for entry in archive.infolist():
                    name = entry.filename.rsplit("/", 1)[-1]
                    if name == AREAS or name in TABLES:
                        most = MOST_AREAS_BYTES if name == AREAS else MOST_TABLE_BYTES
                        with archive.open(entry) as file:
                            (directory / name).write_bytes(file.read(most + 1))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
            return


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Entered by Lambda with a batch of one message. Raises what may go away by itself: the message comes again."""
    for record in event["Records"]:
        try:
            _one(json.loads(record["body"]))
        except _NEVER as never:
            _dead_letters().put(record["body"], f"{type(never).__name__}: {never}")
            about = {"message_id": record["messageId"], "trace": trace_of(never)}
            logger().error("message put with the dead letters", extra=about)
    return {"batchItemFailures": []}


def _one(message: Any) -> None:
    if message.get("Event") == "s3:TestEvent":
        return
    if "apply" in message:
        _apply(str(message["apply"]))
        return
    for record in message["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])
        if not key.startswith(KEY_PREFIX) or not key.endswith(KEY_SUFFIX):
            raise ValueError("no upload of an import")
        upload = _upload(key.removeprefix(KEY_PREFIX).removesuffix(KEY_SUFFIX))
        known = _known(upload)
        if known and known["state"] == APPLIED and known["sha256"] == upload.sha256:
            continue
        plan = _planned(upload)
        _keep(upload, PLANNED if plan.good else REFUSED, plan)


def _apply(import_id: str) -> None:
    """Applies the very upload that was planned. One that was replaced since has a plan of its own coming."""
    upload = _upload(import_id)
    row = _known(upload)
    if row is None or row["sha256"] != upload.sha256:
        raise LookupError("the upload was replaced, or never planned")
    if row["state"] == APPLIED:
        return
    plan = _planned(upload)
    if plan.good:
        _importer().apply(plan)
    _keep(upload, APPLIED if plan.good else REFUSED, plan)


def _planned(upload: Upload) -> Plan:
    with TemporaryDirectory() as directory:
        upload.unzip(Path(directory))
        return _importer().plan(Path(directory))


def _known(upload: Upload) -> Row | None:
    """What is kept of an upload of that id."""
    return _importer().table.row((ImportRow.key(upload.id), ImportRow.SK))


def _keep(upload: Upload, state: str, plan: Plan) -> None:
    said = zlib.compress(compact(as_json(plan, MOST_TOLD)).encode(), 9)
    at = datetime.now(UTC).isoformat()
    row = {"state": state, "at": at, "plan": said, "sha256": upload.sha256}
    _importer().table.put([((ImportRow.key(upload.id), ImportRow.SK), row)])


def _upload(import_id: str) -> Upload:
    """Raises LookupError when there is none."""
    key = f"{KEY_PREFIX}{import_id}{KEY_SUFFIX}"
    try:
        found = _client("s3").get_object(Bucket=settings().need("MEDIA_BUCKET"), Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            raise LookupError(f"no upload {import_id}") from error
        raise
    return Upload(import_id, found["Body"].read())


@cache
def _importer() -> Importer:
    table = ReferenceTable(_client("dynamodb"), settings().reference_table)
    return Importer(table, settings().policy_file.read_bytes(), MOST_AREAS_BYTES)


@cache
def _dead_letters() -> SqsDeadLetters:
    return SqsDeadLetters(lambda: _client("sqs"), settings().need("DEAD_LETTERS_URL"))


def _client(service: str) -> Any:
    return aws.client(service, settings().region)
