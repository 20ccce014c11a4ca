"""The pool of people: its file, what importing it changes, and the operator's commands."""
