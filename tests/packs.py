"""Packs as tests want them."""

from __future__ import annotations

import json

from chalicelib.policy.loader import canonical, version_of


def comparing_nothing(compiled: bytes) -> bytes:
    """A pack in which no report is like another: most tests tell of one matter again and again, and mean many."""
    pack = json.loads(compiled)
    pack["same_matter"] |= {"automatic": 2, "offered": 2}
    pack["version"] = version_of(pack)
    return canonical(pack)
