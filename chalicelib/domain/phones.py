"""Telephone numbers as people write them, and the one form in which a number is found again."""

from __future__ import annotations

import re
from typing import NamedTuple
from unicodedata import normalize

_MOST_CHARACTERS = 60
# What copying from a phone book brings along, and what stands between digits.
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"))
_NOT_DIALLED = {**dict.fromkeys(map(ord, "\t\n\r -()（）·.‐‑–—−―")), 0x3000: None}

# Patterns are compiled by `re` when they are first needed: most numbers are mobile ones.
_MOBILE = r"0?(1[3-9][0-9]{9})"
_LANDLINE = r"(?:10|2[0-9])[0-9]{8}|[3-9][0-9]{2}[0-9]{7,8}"
_INTERNATIONAL = r"\+[1-9][0-9]{6,14}"
_BEFORE_EXTENSION = r"转|轉|分机号?|分機號?|内线|內線|ext(?:ension|n)?\.?|x|#|\*|,|;ext="
_EXTENSION = rf"(.+?)\s*(?:(?:{_BEFORE_EXTENSION})[\s:]*)+([0-9]{{1,6}})"
_EXTENSION_BY_DASH = r"(.+)[-–—]\s*([0-9]{1,6})"


class Phone(NamedTuple):
    """A number in E.164 form (`+8651683712345`), and the extension 分机 behind it, if there is one.

    The number alone is what its keyed hash is made of, so that somebody is found whether the extension is given or not.
    """

    number: str
    extension: str | None = None


def phone_of(written: str) -> Phone | None:
    """The telephone somebody wrote down, or None when it is none.

    Takes Chinese mobile numbers and landlines (with their area code), with or without +86, 0086 or 86, and foreign
    numbers that begin with + or 00; in full width, with spaces, dashes and brackets. An extension follows 转, 分机,
    ext, x, # or a dash; where what is before a dash and what is after it make a number together, they are one.
    """
    if len(written) > _MOST_CHARACTERS:
        return None
    text = normalize("NFKC", written).translate(_UNSEEN).strip()
    if number := _e164(text):
        return Phone(number)
    if found := re.fullmatch(_EXTENSION, text, re.IGNORECASE) or re.fullmatch(_EXTENSION_BY_DASH, text):
        number = _e164(found[1])
        return Phone(number, found[2]) if number else None
    return None


def normal_phone(written: str) -> str | None:
    """The number alone, in E.164 form, or None when it is none: see `phone_of`."""
    phone = phone_of(written)
    return phone.number if phone else None


def _e164(written: str) -> str | None:
    digits = written.translate(_NOT_DIALLED)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    for prefix in ("+86", "86", ""):
        if digits.startswith(prefix) and (national := _national(digits.removeprefix(prefix), abroad=bool(prefix))):
            return "+86" + national
    return digits if re.fullmatch(_INTERNATIONAL, digits) and not digits.startswith("+86") else None


def _national(digits: str, *, abroad: bool) -> str | None:
    """A number of China as it is dialled from anywhere in it; from abroad the 0 before an area code is left out."""
    if mobile := re.fullmatch(_MOBILE, digits):
        return mobile[1]
    if digits.startswith("0") or abroad:
        area_and_number = digits.removeprefix("0")
        return area_and_number if re.fullmatch(_LANDLINE, area_and_number) else None
    return None
