"""Addresses of our own style sheets: each carries the hash of its content, so that browsers may keep it for a year."""

import functools
import hashlib
from pathlib import Path

from flask import Flask, current_app, url_for

KERN = "2.7.2"
KERN_FOLDER = f"vendor/kern/{KERN}"


def register(app: Flask) -> None:
    """Give templates `asset` and the folder of the design system."""
    app.jinja_env.globals.update(asset=asset, kern_folder=KERN_FOLDER)


def asset(filename: str) -> str:
    """Give the address of a static file, with the hash of its content."""
    file = Path(current_app.static_folder or "") / filename
    stamp = file.stat().st_mtime_ns if file.is_file() else 0
    return url_for("static", filename=filename, v=_digest(file, stamp) if stamp else None)


@functools.cache
def _digest(file: Path, stamp: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
