"""A district asks something new of its cases by a table in its pack, and without a programmer."""

from __future__ import annotations

import shutil
from pathlib import Path

from chalicelib.policy.compiler import compile_pack
from tests.conftest import PACK
from tests.integration.edge import deployed
from tests.integration.test_views import MANHOLE, paged, settled, told
from tests.packs import comparing_nothing
from tests.world import STATION

WRITTEN = f"""
[[view]]
id = "covers-mended"
zh = "已修井盖"
en = "Covers mended"
asks = "area"
open = false
categories = ["{MANHOLE}"]
"""


def test_a_view_that_was_written_into_the_pack_is_named_and_finds_what_it_says(
    tmp_path: Path, contract_dir: Path
) -> None:
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    with (pack / "views.toml").open("a", encoding="utf-8") as views:
        views.write(WRITTEN)
    packed = tmp_path / "pack.json"
    packed.write_bytes(comparing_nothing(compile_pack(pack)))
    with deployed(packed, contract_dir) as edge:
        mended, other = told(edge, MANHOLE), told(edge, "blocked-fire-lane")
        settled(edge, mended)
        settled(edge, other)
        told(edge, MANHOLE)
        last = edge.get("/v1/views", STATION).body["items"][-1]
        assert last == {"view_id": "covers-mended", "name": "已修井盖", "name_en": "Covers mended", "asks": "area"}
        assert paged(edge, "/v1/views/covers-mended", STATION) == [mended]
