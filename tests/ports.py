"""A port that nobody listens on, for a server that a test starts."""

import random
import socket

_RANGE = range(20_000, 32_000)
"""Below what systems give to outgoing connections (from 32768 on Linux, from 49152 elsewhere), which come and go."""


def free_port() -> int:
    """Nobody has it now, and nobody is given it by chance before the server takes it."""
    chance = random.SystemRandom()
    while True:
        port = chance.choice(_RANGE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
