"""Where tests find the facts that are not part of this repository: standards, shapes, recorded files."""

import os
from pathlib import Path

import pytest


def shared(*parts: str) -> Path:
    """Give a path in the shared folder; without it the test is skipped, or fails where OFFENBAR_REQUIRE is set."""
    default = Path(__file__).parent.parent.parent / "shared"
    path = Path(os.environ.get("OFFENBAR_SHARED") or default).joinpath(*parts)
    if not path.exists():
        reason = f"{'/'.join(parts)} is not in the shared folder; set OFFENBAR_SHARED"
        if os.environ.get("OFFENBAR_REQUIRE"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path
