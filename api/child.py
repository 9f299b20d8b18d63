"""A process of the supervisor: `python -m api.child api.web --fd 5` runs `api.web` and never outlives its parent.

Without this a supervisor killed by SIGKILL would leave web processes behind that hold the port.
"""

import ctypes
import os
import runpy
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1  # prctl(2)


def follow_parent(parent: int, *, grace_seconds: float = 10.0) -> None:
    """Send this process SIGTERM when `parent` has ended: at once by the Linux kernel, elsewhere within a second.

    A process that has not ended `grace_seconds` later is ended by force. Side effects: a signal of the kernel to be
    delivered, and a daemon thread that watches.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    threading.Thread(target=_watch, args=(parent, grace_seconds), name="parent-watch", daemon=True).start()


def _watch(parent: int, grace_seconds: float) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    os._exit(1)


def main() -> None:
    """Run the module named by the first argument as a program, with the other arguments."""
    follow_parent(int(os.environ["CONFERO_SUPERVISOR"]))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
