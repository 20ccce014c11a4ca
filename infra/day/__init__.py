"""A district's day on the embedded cloud: residents and workers report, staff act, and somebody checks from outside."""
