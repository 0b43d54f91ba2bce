"""Attempts to sign in, counted for each network by all web workers of a machine together, in one small file."""

import fcntl
import hashlib
import hmac
import os
from pathlib import Path

import orjson

from catalog.web.check_pages import take

# Networks that are remembered at once; those seen last.
_MOST = 2000
_Left = dict[str, tuple[float, float]]


class Doorstep:
    """How many attempts each network has left. No address is written down, and what has come back with time is forgotten."""

    def __init__(self, file: Path, secret: str, burst: int, refill: float) -> None:
        self.file = file
        self._key, self._burst, self._refill = secret.encode(), burst, refill

    def wait(self, client: str, now: float) -> float:
        """Take one attempt; gives 0, or the seconds until there is one."""
        name = hmac.new(self._key, client.encode(), hashlib.sha256).hexdigest()[:32]
        handle = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            kept = self._kept(file.read(), now)
            left, at = kept.pop(name, (float(self._burst), now))
            left, seconds = take(left, now - at, self._burst, self._refill)
            kept[name] = (left, now)
            file.seek(0)
            file.write(orjson.dumps(dict(list(kept.items())[-_MOST:])))
            file.truncate()
        return seconds

    def _kept(self, content: bytes, now: float) -> _Left:
        """Read what is still short of attempts; a file that somebody broke off writing counts as empty."""
        try:
            found: _Left = orjson.loads(content)
        except orjson.JSONDecodeError:
            return {}
        return {
            name: (left, at) for name, (left, at) in found.items() if left + (now - at) / self._refill < self._burst
        }
