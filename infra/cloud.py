"""Starts and stops the embedded cloud: MiniStack as a child process, IAM enforced, loopback only.

With AUTH=true MiniStack takes the access key `test` (or the AWS_ACCESS_KEY_ID it was started with) for its account's
root and does not check its signature; functions get temporary keys of their own role, and every call is evaluated.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.error import URLError
from urllib.request import urlopen

from infra.deploy import session
from infra.settings import LOCAL, ROOT

REGION = "us-east-1"
START_SECONDS = 60
STOP_SECONDS = 60


class CloudFailed(RuntimeError):
    """The embedded cloud did not come up, or did not stop. The message ends with the tail of its log."""


class Cloud:
    """The embedded cloud of one name, whose files are under `.local/<name>/`; a context manager.

    `keep`: state survives a clean stop, also by the death of whoever started it, but not a kill of the cloud itself.
    The port is that of last time, when it is free, else any free one.
    """

    def __init__(self, name: str, *, keep: bool = False, region: str = REGION) -> None:
        self.name = name
        self.region = region
        self.directory = LOCAL / name
        self.log = self.directory / "ministack.log"
        self._keep = keep
        self._process: subprocess.Popen[bytes] | None = None
        self._log_file: IO[bytes] | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id of the running cloud."""
        return self._process.pid if self._process else None

    def client(self, service: str) -> Any:
        """A client of `service` with the rights of the account's root."""
        return session(self.region, self.endpoint).client(service, endpoint_url=self.endpoint)

    def has_state(self) -> bool:
        """Whether a clean stop has left state that a start with `keep` would find."""
        return any((self.directory / "state").glob("*.json"))

    def start(self) -> Self:
        """Starts it and waits until it answers. Raises CloudFailed."""
        temporary = self.directory / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        if not self._keep:
            for kept in ("state", "objects"):
                shutil.rmtree(self.directory / kept, ignore_errors=True)
        temporary.mkdir(parents=True)
        self._rewind_streams()
        self.port = kept_port(self.directory / "ministack.port")
        self._log_file = self.log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.embedded"],
            cwd=ROOT,
            env=self._environment(temporary),
            stdin=subprocess.PIPE,
            stdout=self._log_file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal is the owner's, who stops the cloud in order
        )
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        """Stops it cleanly, writing its state; kills it, and so loses the state, when that takes over a minute."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise CloudFailed(f"the embedded cloud did not stop in {STOP_SECONDS} s\n{self._tail()}") from None
        finally:
            if process.stdin:
                process.stdin.close()
            if self._log_file:
                self._log_file.close()
            shutil.rmtree(self.directory / "tmp", ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _environment(self, temporary: Path) -> Mapping[str, str]:
        """Nothing of the operator's own AWS settings reaches the cloud or the functions in it."""
        inherited = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV")
        return {
            **{name: os.environ[name] for name in inherited if name in os.environ},
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "INFO",
            "TMPDIR": str(temporary),
            "STATE_DIR": str(self.directory / "state"),
            "S3_DATA_DIR": str(self.directory / "objects"),
            "PERSIST_STATE": "1" if self._keep else "0",
            "S3_PERSIST": "1" if self._keep else "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def _rewind_streams(self) -> None:
        """Makes the kept event source mappings read their streams from the start.

        MiniStack keeps the count of records they have read, but not the records: a mapping would skip as many new
        ones. What was in a stream unread when the cloud stopped is gone; `python -m infra republish` sends it again.
        """
        kept = self.directory / "state" / "lambda.json"
        if kept.exists():
            state = json.loads(kept.read_text("utf-8"))
            state["payload"]["dynamodb_stream_positions"]["data"] = {}
            kept.write_text(json.dumps(state), "utf-8")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise CloudFailed(f"the embedded cloud did not start\n{self._tail()}")
            try:
                with urlopen(f"{self.endpoint}/_ministack/health", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except (URLError, OSError):
                time.sleep(0.05)
        self.stop()
        raise CloudFailed(f"the embedded cloud was not ready in {START_SECONDS} s\n{self._tail()}")

    def _tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


def kept_port(path: Path) -> int:
    """The port written at `path`, when nobody listens on it now, else another, written there for the next time."""
    port = _free_port(int(path.read_text("ascii")) if path.exists() else 0)
    path.write_text(str(port), "ascii")
    return port


def _free_port(wanted: int) -> int:
    for port in dict.fromkeys((wanted, 0)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CloudFailed("no port of the loopback interface is free")
