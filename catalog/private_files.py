"""Small files that only their owner may read: tokens, and what undoes a change."""

import os
import tempfile
from pathlib import Path


def write_private(file: Path, data: bytes) -> None:
    """Write a file with mode 0600 in the place of what was there, all of it or nothing; its folder is made with mode 0700."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp makes files with mode 0600.
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(data)
            target.flush()
            os.fsync(target.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
