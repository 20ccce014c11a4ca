"""The embedded cloud as a child process."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from infra import cloud as cloud_module
from infra.cloud import Cloud, CloudFailed


@pytest.fixture(autouse=True)
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cloud_module, "LOCAL", tmp_path)
    return tmp_path


def test_a_kept_cloud_finds_its_state_at_its_old_address() -> None:
    with Cloud("kept", keep=True) as cloud:
        address = cloud.endpoint
        cloud.client("sqs").create_queue(QueueName="before")
    again = Cloud("kept", keep=True)
    assert again.has_state()
    with again:
        assert again.endpoint == address
        assert again.client("sqs").list_queues()["QueueUrls"] == [f"{address}/000000000000/before"]
    with Cloud("kept") as fresh:
        assert fresh.client("sqs").list_queues().get("QueueUrls", []) == []


def test_kept_mappings_read_their_streams_from_the_start(local: Path) -> None:
    state = local / "kept" / "state" / "lambda.json"
    state.parent.mkdir(parents=True)
    positions = {"__account_region_scoped__": True, "data": {"000000000000\0us-east-1\0'mapping'": 18}}
    state.write_text(json.dumps({"payload": {"dynamodb_stream_positions": positions}}), "utf-8")
    Cloud("kept", keep=True)._rewind_streams()
    assert json.loads(state.read_text("utf-8"))["payload"]["dynamodb_stream_positions"]["data"] == {}


def test_the_cloud_checks_who_asks_and_listens_on_loopback_only() -> None:
    with Cloud("strict") as cloud:
        stranger = boto3.client(
            "sqs",
            region_name=cloud.region,
            endpoint_url=cloud.endpoint,
            aws_access_key_id="AKIASTRANGER00000000",
            aws_secret_access_key="guess",
        )
        with pytest.raises(ClientError, match=r"token|credential|InvalidClientTokenId"):
            stranger.list_queues()
        address = socket.gethostbyname(socket.gethostname())
        if not address.startswith("127."):
            with socket.socket() as outside:
                assert outside.connect_ex((address, cloud.port)) != 0


def test_a_cloud_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(CloudFailed, match="did not start"):
        Cloud("broken").start()
