"""Who was asked to a case from outside its units: mediators, police, lawyers and other third parties 第三方."""

from __future__ import annotations

from typing import NamedTuple

ASKED, COMING, DECLINED, AVOIDS, TOOK_PART = "asked", "coming", "declined", "avoids", "took-part"


class Invited(NamedTuple):
    """A member of the pool asked to a case. `role`: as what. `state`: `avoids` is 回避, for a conflict of interest."""

    member: str
    role: str
    state: str
