"""The bare function that cold starts are held against: Chalice, the same clients, and an answer.

Which clients is in BARE_CLIENTS. Like every function that ends after its answer, it asks nothing of AWS.
"""

import os

import botocore.session
from chalice.app import Chalice

app = Chalice("bare")
session = botocore.session.get_session()
clients = [session.create_client(service) for service in filter(None, os.environ["BARE_CLIENTS"].split(","))]


@app.lambda_function(name="bare")
def handler(event: object, context: object) -> dict[str, int]:
    return {"clients": len(clients)}
