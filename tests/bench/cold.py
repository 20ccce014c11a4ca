"""A cold start, whole: imports what a function's `Handler` names, as Lambda does, and answers one event.

`python -I -S cold.py <handler> <event as JSON> <import path>…`; writes the answer as one line.
"""

import json
import os
import sys


class Context:
    function_name = "bench"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-4000-8000-000000000000"


sys.path[:0] = sys.argv[3:]
target = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # logs are written, and read by nobody

module, _, attribute = sys.argv[1].rpartition(".")
handler = getattr(__import__(module, fromlist=[attribute]), attribute)
with open(sys.argv[2], encoding="utf-8") as file:
    event = json.load(file)
target.write(json.dumps(handler(event, Context())) + "\n")
target.flush()
os._exit(0)
