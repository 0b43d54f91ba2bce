"""The pages of the shared table schemas: what each is for, its columns, who follows it, and the files that go with it."""

from flask import Blueprint, Response, abort, render_template
from flask.blueprints import BlueprintSetupState

from catalog.web import schema_words
from catalog.web.pages import reading
from dcat.errors import NotFoundError
from validators import schemas

schema_pages = Blueprint("schemas", __name__, url_prefix="/schema")


def _prepare(state: BlueprintSetupState) -> None:
    schema_words.register(state.app)


schema_pages.record_once(_prepare)


@schema_pages.get("")
def index() -> str:
    """List the shared table schemas by category, with how many datasets of which city conform."""
    found = reading()
    groups = schema_words.by_category(found.schemas())
    return render_template("schema_list.html", groups=groups, counts=found.schema_counts())


@schema_pages.get("/<schema_id>")
def page(schema_id: str) -> str:
    """Show one table schema in words."""
    found = reading().schema(schema_id) or abort(404)
    return render_template(
        "schema.html",
        schema=found,
        usage=schema_words.by_city(reading().schema_usage(schema_id), schema_id),
        sample=schema_words.sample(schemas.example(schema_id)),
    )


@schema_pages.get("/<schema_id>.json")
def document(schema_id: str) -> Response:
    """Give one table schema for programs, in its present version."""
    found = reading().schema(schema_id) or abort(404)
    return _download(found.document, "application/json")


@schema_pages.get("/<schema_id>/<version>.json")
def version(schema_id: str, version: str) -> Response:
    """Give one published version of a table schema for programs; it never changes."""
    try:
        found = schemas.find(f"{schema_id}@{version}")
    except NotFoundError:
        abort(404)
    return _download(found.document, "application/json")


@schema_pages.get("/<schema_id>/example.csv")
def example(schema_id: str) -> Response:
    """Give an example table that conforms: CSV in UTF-8 with commas."""
    found = reading().schema(schema_id) or abort(404)
    return _download(schemas.example(found.id), "text/csv; charset=utf-8", f"{found.id}-beispiel.csv")


@schema_pages.get("/<schema_id>/template.csv")
def template(schema_id: str) -> Response:
    """Give an empty table with the columns of a schema, which a German Excel opens in columns."""
    found = reading().schema(schema_id) or abort(404)
    return _download(schemas.template(found), "text/csv; charset=utf-8", f"{found.id}-vorlage.csv")


def _download(body: str | bytes, content_type: str, name: str = "") -> Response:
    headers = {"Access-Control-Allow-Origin": "*"}
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(body, content_type=content_type, headers=headers)
