"""The edges: HTTP and event consumers. Each parses, calls one service, maps the answer.

The only importer of chalice and of Powertools' event tools.
"""
