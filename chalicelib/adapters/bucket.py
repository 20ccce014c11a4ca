"""The media bucket: forms to upload with, addresses to read from, and a look at what came."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.aws import NOT_ANSWERING, code_of, unavailable
from chalicelib.domain.attachments import UploadForm
from chalicelib.domain.errors import NotFound

UPLOAD_SECONDS = 900
DOWNLOAD_SECONDS = 300
_BEGINNING = "bytes=0-15"


class S3MediaBucket:
    """`services.attachments.MediaBucket`."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def upload_form(self, key: str, content_type: str, size: int, now: datetime) -> UploadForm:
        """A presigned POST that takes this type only, and no more bytes than announced."""
        form = self._client.generate_presigned_post(
            Bucket=self._bucket,
            Key=key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, size]],
            ExpiresIn=UPLOAD_SECONDS,
        )
        return UploadForm(form["url"], form["fields"], now + timedelta(seconds=UPLOAD_SECONDS))

    def download_url(self, key: str) -> str:
        url: str = self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=DOWNLOAD_SECONDS
        )
        return url

    def beginning(self, key: str) -> bytes:
        try:
            content: bytes = self._client.get_object(Bucket=self._bucket, Key=key, Range=_BEGINNING)["Body"].read()
        except NOT_ANSWERING as error:
            if code_of(error) in ("NoSuchKey", "404", "InvalidRange"):
                raise NotFound() from error
            raise unavailable(error) from error
        return content
