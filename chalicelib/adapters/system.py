"""The system's own clock and new ids."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_BITS, _RANDOM_BITS = 48, 80


class SystemClock:
    """`services.ports.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomIds:
    """`services.ports.Ids`. Case ids are ULIDs (the libraries for them cost 120 ms at a cold start)."""

    def case_id(self, at: datetime) -> str:
        value = int(at.timestamp() * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        return _crockford(value, 26)

    def entry_id(self) -> str:
        return _crockford(secrets.randbits(_RANDOM_BITS), 16)

    def tracking_code(self) -> str:
        return _crockford(secrets.randbits(40), 8)


def _crockford(value: int, length: int) -> str:
    return "".join(_CROCKFORD[value >> 5 * place & 31] for place in reversed(range(length)))
