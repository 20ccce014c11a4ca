"""What a fault of a case may say of it in an operator's terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.domain.cases import Case, Extension
from chalicelib.domain.histories import UNSAID, apart

AT = datetime(2026, 11, 22, 2, tzinfo=UTC)
CASE = Case("C", 1, "ABCD2345", "accepted", "gulou-1", AT, AT, "ordinary", "sms")
ASKED = Extension("resolve", AT, "13800000000", "d1", "linkage-centre")


@pytest.mark.parametrize(
    ("lies", "replayed", "named"),
    [
        (replace(CASE, answer="13800000000"), replace(CASE, answer="13900000000"), "answer"),
        (replace(CASE, answer="13800000000"), CASE, "answer"),
        (replace(CASE, extension=ASKED), replace(CASE, extension=ASKED._replace(reason="139")), "extension[2]"),
        (replace(CASE, extension=ASKED), CASE, "extension"),
    ],
)
def test_what_somebody_wrote_is_not_shown_though_it_be_digits_only(lies: Case, replayed: Case, named: str) -> None:
    ((name, one, other),) = apart("", lies, replayed)
    assert name == named and one == UNSAID and other in (UNSAID, "nothing")
    assert apart("", lies, lies) is not None and not list(apart("", lies, lies))
