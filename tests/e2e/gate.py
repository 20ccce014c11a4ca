"""A gate between a function's processes and the cloud, at which they can be killed on either side of a request."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.day.district import District

BEFORE, AFTER = "before", "after"
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_TIMEOUT = 30


@dataclass(frozen=True, slots=True)
class Kill:
    """Death at the `nth` request of an operation: before the cloud gets it, or after it was done and not answered."""

    operation: str
    nth: int
    when: str


@dataclass(slots=True)
class Gate:
    """Lets a function's requests through, and carries out its kills; `happened` are those that did."""

    district: District
    function: str
    kills: Sequence[Kill]
    seen: Counter[str] = field(default_factory=Counter)
    happened: list[Kill] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kill_for(self, operation: str) -> Kill | None:
        with self._lock:
            self.seen[operation] += 1
            for kill in self.kills:
                if (kill.operation, kill.nth) == (operation, self.seen[operation]):
                    self.happened.append(kill)
                    return kill
        return None

    def carry_out(self, port: int) -> None:
        """Kill the process of the function that speaks from this port."""
        os.kill(_process_behind(port, _processes(self.district, self.function)), signal.SIGKILL)


@contextmanager
def gate(district: District, function: str, kills: Sequence[Kill]) -> Iterator[Gate]:
    """Within it the function reaches the cloud through the gate."""
    opened = Gate(district, function, kills)
    server = _Server(("127.0.0.1", 0), _handler(opened))
    threading.Thread(target=server.serve_forever, name=f"gate of {function}", daemon=True).start()
    client, name = district.client("lambda"), district.function(function)
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    through = {**variables, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}"}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": through})
    try:
        yield opened
    finally:
        client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: who is killed hangs up."""


def _processes(district: District, function: str) -> list[Path]:
    """The processes of a function under /proc, by the directory the embedded cloud unpacks its code to."""
    directory = f"{district.standing.cloud.directory}/tmp/ministack-lambda-{district.function(function)}-"
    return [each for each in Path("/proc").glob("[0-9]*") if directory in _text(each / "cmdline")]


def _process_behind(port: int, processes: Sequence[Path]) -> int:
    """The process that holds the socket with this local port, as /proc/net/tcp has it: in hexadecimal, by inode."""
    sockets = (line.split() for line in _text(Path("/proc/net/tcp")).splitlines()[1:])
    (inode,) = [columns[9] for columns in sockets if int(columns[1].rpartition(":")[2], 16) == port]
    for process in processes:
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                if os.readlink(descriptor) == f"socket:[{inode}]":
                    return int(process.name)
    raise ProcessLookupError(f"nobody speaks from port {port}")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:  # it has ended
        return ""


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    cloud = urlsplit(gate.district.system.cloud)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _TIMEOUT

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kill = gate.kill_for(_operation(self.path, self.headers, body))
            if kill and kill.when == BEFORE:
                self._die()
                return
            status, headers, content = self._forwarded(body)
            if kill:
                self._die()
                return
            with suppress(OSError):  # whoever asked may have been killed meanwhile
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in _HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_POST

        def _die(self) -> None:
            gate.carry_out(self.client_address[1])
            self.close_connection = True

        def _forwarded(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            """The cloud's answer; the Host header stays, since it is signed."""
            connection = HTTPConnection(str(cloud.hostname), int(cloud.port or 80), timeout=_TIMEOUT)
            try:
                connection.request(self.command, self.path, body, dict(self.headers.items()))
                answer = connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            finally:
                connection.close()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: pytest's output is for failures."""

    return Handler


def _operation(path: str, headers: Any, body: bytes) -> str:
    """What is asked: the name in the header of JSON services, in the form of query services, else the path."""
    if target := headers.get("X-Amz-Target"):
        return str(target).rpartition(".")[2]
    if found := re.match(rb"(?:.*&)?Action=(\w+)", body):
        return found[1].decode()
    return urlsplit(path).path
