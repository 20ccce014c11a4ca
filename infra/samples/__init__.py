"""Sample districts, and the code that writes them."""

from pathlib import Path

SAMPLES = Path(__file__).parent
