"""Phones as people write them: one form of a number, whatever stands around it."""

from __future__ import annotations

import pytest

from chalicelib.domain.phones import Phone, normal_phone, phone_of

MOBILE, LANDLINE = "+8613800000000", "+8651683712345"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("13800000000", MOBILE),
        ("+86 138 0000 0000", MOBILE),
        ("0086-138-0000-0000", MOBILE),
        ("8613800000000", MOBILE),
        ("86 13800000000", MOBILE),
        ("(+86)138-0000-0000", MOBILE),
        ("（+86）１３８　００００　００００", MOBILE),
        ("１３８００００００００", MOBILE),
        ("138０００００００0", MOBILE),
        ("＋８６１３８００００００００", MOBILE),
        ("138–0000–0000", MOBILE),
        ("138.0000.0000", MOBILE),
        ("013800000000", MOBILE),
        ("\u202a+8613800000000\u202c", MOBILE),
        ("\u200b13800000000\ufeff", MOBILE),
        (MOBILE, MOBILE),
        ("（0516）8380 1234", "+8651683801234"),
        ("0516-83801234", "+8651683801234"),
        ("0516—83712345", LANDLINE),
        ("0086 (0)516 8371 2345", LANDLINE),
        ("+86-516-8371-2345", LANDLINE),
        ("86-0516-83712345", LANDLINE),
        (LANDLINE, LANDLINE),
        ("010-62345678", "+861062345678"),
        ("021 5234 5678", "+862152345678"),
        ("0312-3123456", "+863123123456"),
        ("+852 2123 4567", "+85221234567"),
        ("00852-21234567", "+85221234567"),
        ("+1 (202) 555-0123", "+12025550123"),
        ("+8612345", None),
        ("12345", None),
        ("110", None),
        ("10086", None),
        ("83712345", None),
        ("1380000000", None),
        ("138000000000", None),
        ("12800000000", None),
        ("+86123", None),
        ("+", None),
        ("无", None),
        ("没有电话", None),
        ("", None),
        (" ", None),
        ("138000000oo", None),
        ("١٣٨٠٠٠٠٠٠٠٠", None),
        ("13800000000、13900000000", None),
        ("1" * 5000, None),
        ("转" * 60, None),
    ],
)
def test_a_number_is_dialled_alike_however_it_is_written(written: str, normal: str | None) -> None:
    assert normal_phone(written) == normal


@pytest.mark.parametrize(
    ("written", "extension"),
    [
        ("0516-83712345转801", "801"),
        ("0516-83712345 转 801", "801"),
        ("0516-83712345转分机801", "801"),
        ("0516-83712345 分机：801", "801"),
        ("0516-83712345轉801", "801"),
        ("0516-83712345-801", "801"),
        ("0516-83712345—8", "8"),
        ("051683712345ext.801", "801"),
        ("0516 83712345 EXT 801", "801"),
        ("0516 83712345 extension: 801", "801"),
        ("051683712345x801", "801"),
        ("051683712345#801", "801"),
        ("０５１６－８３７１２３４５＃８０１", "801"),
        ("+8651683712345;ext=801", "801"),
        ("(0516)83712345,801", "801"),
        ("0086-516-83712345-801", "801"),
        ("0516-83712345-123456", "123456"),
        ("0516-83712345", None),
    ],
)
def test_an_extension_is_kept_beside_the_number_and_is_no_part_of_it(written: str, extension: str | None) -> None:
    assert phone_of(written) == Phone(LANDLINE, extension)


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("13800000000转1234", Phone(MOBILE, "1234")),  # the private numbers of delivery services
        ("138-0000-0000-1234", Phone(MOBILE, "1234")),
        ("+44 20 7946 0000 ext 12", Phone("+442079460000", "12")),
        ("0516-8371234-5", Phone("+8651683712345")),  # together they are a number
    ],
)
def test_what_is_a_number_without_its_dash_has_no_extension(written: str, phone: Phone) -> None:
    assert phone_of(written) == phone


@pytest.mark.parametrize("written", ["0516-83712345转", "0516-83712345-1234567", "转801", "-801", "12345转801", "#801"])
def test_an_extension_of_no_number_is_nothing(written: str) -> None:
    assert phone_of(written) is None
