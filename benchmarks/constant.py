"""A server that answers `/N` with the same N bytes of JSON each time: what Flask under granian costs before anything is read."""

from flask import Flask, Response


def create_app() -> Flask:
    """Make the application."""
    app = Flask("constant")

    @app.get("/<int:size>")
    def same(size: int) -> Response:
        return Response(b'"' + b"x" * max(0, size - 2) + b'"', content_type="application/json;charset=utf-8")

    return app
