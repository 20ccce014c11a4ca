"""The operator's command that writes notices for the print shop, against an API that is a few lines long."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra import notices
from infra.__main__ import cli
from infra.notices import NotPrinted, areas_below, print_notices

PARTS = {"1": ["11", "12"], "11": ["111"], "12": [], "111": []}


class _Api(ThreadingHTTPServer):
    daemon_threads = True
    busy = 0


class _Handler(BaseHTTPRequestHandler):
    server: _Api

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        _, _, _, _, code, what = path.split("/")
        if self.server.busy:
            self.server.busy -= 1
            self._say(429, "{}")
        elif code not in PARTS:
            self._say(404, "no such area")
        elif what == "notice":
            self._say(200, json.dumps({"parts": [{"code": part} for part in PARTS[code]]}))
        else:
            self._say(200, f"<!DOCTYPE html><title>网格 {code} {query}</title>")

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: pytest's output is for failures."""


@pytest.fixture
def server() -> Iterator[_Api]:
    server = _Api(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def api(server: _Api) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_an_area_is_listed_with_all_below_it(api: str) -> None:
    assert list(areas_below(api, ["1"])) == ["1", "11", "12", "111"]


def test_every_notice_is_a_file_named_after_its_area(api: str, tmp_path: Path) -> None:
    ran = CliRunner().invoke(
        cli, ["notice", "1", "--below", "--api", f"{api}/", "--to", str(tmp_path / "wall"), "--on", "2026-12-01"]
    )
    assert ran.exit_code == 0 and "4 notices" in ran.output, ran.output
    files = {file.name: file.read_text("utf-8") for file in (tmp_path / "wall").iterdir()}
    assert set(files) == {"1.html", "11.html", "12.html", "111.html"}
    assert "网格 111 on=2026-12-01" in files["111.html"]


def test_a_throttled_api_is_asked_again(api: str, server: _Api, tmp_path: Path) -> None:
    server.busy = 2
    assert print_notices(api, ["12"], tmp_path) == 1


def test_what_cannot_be_printed_is_named_and_fails_the_command(
    api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotPrinted, match=r"areas/9/notice\.html: 404"):
        print_notices(api, ["9"], tmp_path)
    monkeypatch.setattr(notices, "_BROWSERS", ("no-such-browser",))
    ran = CliRunner().invoke(cli, ["notice", "12", "--api", api, "--to", str(tmp_path), "--as", "pdf"])
    assert ran.exit_code == 1 and "no-such-browser" in ran.output
