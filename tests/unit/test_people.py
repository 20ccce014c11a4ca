"""Phones as people write them."""

from __future__ import annotations

import pytest

from chalicelib.domain.people import normal_phone


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("13800000000", "+8613800000000"),
        ("+86 138 0000 0000", "+8613800000000"),
        ("0086-138-0000-0000", "+8613800000000"),
        ("8613800000000", "+8613800000000"),
        ("（0516）8380 1234", "+8651683801234"),
        ("0516-83801234", "+8651683801234"),
        ("+852 2123 4567", "+85221234567"),
        ("+8612345", None),
        ("12345", None),
        ("10086", None),
        ("1380000000", None),
        ("138000000000", None),
        ("+86123", None),
        ("无", None),
        ("", None),
        ("138000000oo", None),
        ("１３８００００００００", None),
        ("138０００００００0", None),
    ],
)
def test_a_number_is_dialled_alike_however_it_is_written(written: str, normal: str | None) -> None:
    assert normal_phone(written) == normal
