"""Our own style sheets: each address carries the hash of its content, and what is stored compressed is sent compressed."""

import functools
import hashlib
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for

KERN = "2.7.2"
KERN_FOLDER = f"vendor/kern/{KERN}"


def register(app: Flask) -> None:
    """Give templates `asset` and the folder of the design system."""
    app.jinja_env.globals.update(asset=asset, kern_folder=KERN_FOLDER)
    app.after_request(_compressed)


def asset(filename: str) -> str:
    """Give the address of a static file, with the hash of its content."""
    file = Path(current_app.static_folder or "") / filename
    stamp = file.stat().st_mtime_ns if file.is_file() else 0
    return url_for("static", filename=filename, v=_digest(file, stamp) if stamp else None)


def _compressed(response: Response) -> Response:
    if request.endpoint != "static" or response.status_code != 200 or not request.accept_encodings["gzip"]:
        return response
    smaller = Path(current_app.static_folder or "") / f"{(request.view_args or {})['filename']}.gz"
    if not smaller.is_file():
        return response
    response.close()
    response.direct_passthrough = False
    response.set_data(smaller.read_bytes())
    response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{response.get_etag()[0]}-gzip")
    response.make_conditional(request)
    return response


@functools.cache
def _digest(file: Path, stamp: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
