"""Wangge: a district's governance, from a report to the answer. The rooms of the house are in `docs/adr/`."""

import gc

# A start makes a hundred thousand objects that stay, and next to no garbage; a request leaves some twenty for the
# collector. Python's own threshold, 700, and even 20,000 would go through all of the former again and again: a
# fifteenth of a cold start. With this one, nothing is looked through before some thousands of requests.
gc.set_threshold(200_000)
