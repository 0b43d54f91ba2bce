"""What a process remembers of its answers, so that the same question costs little until something changes."""

from collections import OrderedDict
from threading import Lock


class Memory:
    """The bodies sent last, up to so many bytes, each under what decides it: a change makes new keys, so nothing old is found."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._bodies: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, ...]) -> bytes | None:
        """Find a body, and keep it longer for that."""
        with self._lock:
            if key in self._bodies:
                self._bodies.move_to_end(key)
            return self._bodies.get(key)

    def keep(self, key: tuple[str, ...], body: bytes) -> None:
        """Keep a body in the place of those that nobody asked for longest; one that would take a quarter is not kept."""
        if len(body) * 4 > self._limit:
            return
        with self._lock:
            self._size += len(body) - len(self._bodies.pop(key, b""))
            self._bodies[key] = body
            while self._size > self._limit:
                self._size -= len(self._bodies.popitem(last=False)[1])
