"""The embedded cloud's process: MiniStack, which stops cleanly when the process that started it is gone.

`python -m infra.embedded`, with a pipe as standard input that the parent holds open. A clean stop writes the state.
"""

from __future__ import annotations

import os
import signal
import sys
import threading


def stop_with_parent() -> None:
    """Stops this process when standard input ends, as it does however the parent dies."""

    def wait() -> None:
        while os.read(pipe, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    pipe = os.dup(sys.stdin.fileno())
    os.set_inheritable(pipe, False)
    threading.Thread(target=wait, name="stop-with-parent", daemon=True).start()


if __name__ == "__main__":
    stop_with_parent()
    from ministack.app import main

    sys.argv = ["ministack"]
    main()
