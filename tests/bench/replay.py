"""A handler that asks of AWS exactly what one of ours asked, with the bare client, and does nothing else.

`waiting` is filled beforehand, so that making up fresh keys is no part of what is measured.
"""

from typing import Any

import botocore.session
from chalice.app import Chalice, Response

app = Chalice("replay")
session = botocore.session.get_session()
clients: dict[str, Any] = {}
waiting: list[list[tuple[str, str, dict[str, Any]]]] = []


@app.route("/reports", methods=["POST"])
def take_report() -> Response:
    told = app.current_request.json_body
    for service, method, kwargs in waiting.pop():
        if service not in clients:
            clients[service] = session.create_client(service)
        getattr(clients[service], method)(**kwargs)
    return Response({"text": told["text"]}, status_code=201)


def fill(requests: list[list[tuple[str, str, dict[str, Any]]]], context: object) -> int:
    """Not a handler of the bench's events, but called like one: puts sequences into `waiting`."""
    waiting.extend(requests)
    return len(waiting)
