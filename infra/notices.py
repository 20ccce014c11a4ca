"""Public notices for the print shop: the pages of areas as the API gives them, as HTML, PDF or pictures.

PDF and pictures are made by a Chromium of this machine; nothing else is needed for HTML, which prints as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_A4_PIXELS = (794, 1123)
_PICTURE_SCALE = 1.25
_TIMEOUT = 30


class NotPrinted(RuntimeError):
    """There is no such area, the API does not answer, or there is no browser to print with."""


def areas_below(api: str, codes: Iterable[str]) -> Iterator[str]:
    """Areas and everything below them, each before its parts."""
    waiting, session = list(codes), _session()
    while waiting:
        code = waiting.pop(0)
        yield code
        waiting += [part["code"] for part in _got(session, f"{api}/v1/public/areas/{code}/notice").json()["parts"]]


def print_notices(
    api: str,
    codes: Iterable[str],
    directory: Path,
    form: str = "html",
    on: str | None = None,
    say: Callable[[str], None] = lambda code: None,
) -> int:
    """Writes `<code>.<form>` for every area into a directory; how many. `say` is told of each. Raises NotPrinted."""
    browser = None if form == "html" else _browser()
    directory.mkdir(parents=True, exist_ok=True)
    session, count = _session(), 0

    def printed(code: str) -> str:
        page = _got(session, f"{api}/v1/public/areas/{code}/notice.html", on=on).content
        file = directory / f"{code}.{form}"
        if browser is None:
            file.write_bytes(page)
        else:
            _printed(browser, page, file)
        return code

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # a browser starts for each, which takes it a second
        for code in pool.map(printed, codes):
            count += 1
            say(code)
    return count


def _printed(browser: str, page: bytes, file: Path) -> None:
    width, height = _A4_PIXELS
    how = {
        ".pdf": ["--no-pdf-header-footer", f"--print-to-pdf={file.resolve()}"],
        ".png": [
            f"--screenshot={file.resolve()}",
            f"--window-size={width},{height}",
            f"--force-device-scale-factor={_PICTURE_SCALE}",
            "--hide-scrollbars",
        ],
    }[file.suffix]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # which root may not have
    with TemporaryDirectory() as profile:
        source = Path(profile, "notice.html")
        source.write_bytes(page)
        command = [browser, "--headless", "--disable-gpu", f"--user-data-dir={profile}", *sandbox, *how, str(source)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if ran.returncode or not file.exists():
        raise NotPrinted(f"{browser}: {ran.stderr[-400:]}")


def _browser() -> str:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise NotPrinted(f"none of {', '.join(_BROWSERS)} is installed; HTML needs none")
    return found


def _session() -> requests.Session:
    """Waits and asks again where the API is throttled or a moment away."""
    session = requests.Session()
    retries = Retry(total=6, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504))
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retries))
    return session


def _got(session: requests.Session, url: str, **query: Any) -> requests.Response:
    try:
        answer = session.get(url, params={k: v for k, v in query.items() if v is not None}, timeout=_TIMEOUT)
    except requests.RequestException as error:
        raise NotPrinted(str(error)) from error
    if answer.status_code != 200:
        raise NotPrinted(f"{url}: {answer.status_code} {answer.text[:200]}")
    return answer
