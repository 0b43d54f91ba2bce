"""What visitors searched for in vain, for stewards: words that describe data which are missing, or described in other words."""

from flask import Blueprint, render_template

from catalog import search_misses
from catalog.api.answers import instance
from catalog.web import steward_pages

SHOWN = 200
steward_search = Blueprint("steward_search", __name__, url_prefix="/steward")
steward_search.before_request(steward_pages.admit)
steward_search.after_request(steward_pages.keep_out)


@steward_search.get("/searches")
def misses() -> str:
    """Show the words that found nothing, the most frequent first."""
    with instance().database.reading() as session:
        found = search_misses.misses(session, SHOWN)
    return render_template("steward/searches.html", misses=found, most=SHOWN)
