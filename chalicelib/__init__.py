"""Wangge: a district's governance, from a report to the answer. The rooms of the house are in `docs/adr/`."""

import gc

# Importing makes a hundred thousand objects and next to no garbage, and so does a request. Python's own threshold, 700,
# would go through them all again and again: a twentieth of a cold start.
gc.set_threshold(20_000)
