"""Sample districts, and the code that writes them."""

import csv
from pathlib import Path

SAMPLES = Path(__file__).parent


def rows_of(table: Path) -> list[dict[str, str]]:
    """The lines of a table of a sample, by column."""
    with table.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
