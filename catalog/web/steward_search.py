"""What visitors searched for in vain, for stewards: words that describe data which are missing, or described in other words."""

from flask import Blueprint, g, render_template

from catalog import access, search_misses
from catalog.api.answers import instance
from catalog.web import steward_pages

SHOWN = 200
steward_search = Blueprint("steward_search", __name__, url_prefix="/steward")
steward_search.before_request(steward_pages.admit)
steward_search.after_request(steward_pages.keep_out)
steward_search.context_processor(steward_pages.shared)


@steward_search.get("/searches")
def misses() -> str:
    """Show the words that found nothing, the most frequent first."""
    with instance().database.reading() as session:
        found = search_misses.misses(session, SHOWN)
    acts = access.may_answer_requests(g.actor)
    return render_template("steward/searches.html", misses=found, most=SHOWN, acts=acts)
