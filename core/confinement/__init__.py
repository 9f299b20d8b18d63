"""Work on what strangers send, done in child processes with limits of memory and time that are killed.

`run` is all that callers need. `child.py` is the process at the other end of the pipes, `messages.py` what may pass
through them, and `children.py` keeps a few of them warm. Nothing here knows what is worked on.
"""

from core.confinement.children import GIVEN_UP, MEMORY_BYTES, Failed, Stopped, Why, run, run_here

__all__ = ["GIVEN_UP", "MEMORY_BYTES", "Failed", "Stopped", "Why", "run", "run_here"]
