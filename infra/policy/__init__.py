"""Versions of the policy as operators see them: what is kept, what a change would do, and cases brought to another."""
