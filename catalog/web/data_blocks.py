"""Descriptions for search engines inside pages: JSON-LD in script elements, which browsers keep as data and never run."""

import orjson
from flask import Flask, current_app
from markupsafe import Markup

from catalog import documents
from dcat import croissant, schema_org

# In JSON these stand in strings only, where an escape means the same; the two separators end lines in older scripts.
_ESCAPES = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})


def register(app: Flask) -> None:
    """Give templates the blocks."""
    app.jinja_env.globals.update(
        data_block=data_block, catalog_block=catalog_block, croissant_type=croissant.MEDIA_TYPE
    )


def data_block(node: bytes) -> Markup:
    """Embed a node of schema.org; nothing in it can end the element or begin a comment (HTML, 4.12.1.3)."""
    content = schema_org.document(node).decode().translate(_ESCAPES)
    return Markup('<script type="application/ld+json">{}</script>').format(Markup(content))  # noqa: S704 - escaped above


def catalog_block() -> Markup:
    """Describe the catalogue."""
    config = current_app.extensions["offenbar.config"]
    return data_block(orjson.dumps(schema_org.write_catalog(documents.about(config))))
