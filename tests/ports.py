"""Ports of loopback for programs that a test starts and that must be told where to listen."""

import random
import socket

# Below the ports that the system gives out by itself, so that no other test's server or connection takes one in between.
_RANGE = range(15_000, 32_000)


def free() -> int:
    """Give a port that nobody listens on; chosen at random, so that tests that run side by side do not meet."""
    for port in random.SystemRandom().sample(_RANGE, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port on loopback")
