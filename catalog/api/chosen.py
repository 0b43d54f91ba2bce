"""Public datasets that a query in CKAN's search language chooses, for feeds and catalogues that are cut by one."""

from collections.abc import Sequence

from catalog import search
from catalog.api.query_syntax import read_query
from catalog.instance import Instance
from catalog.query import Condition, Is, SearchQuery
from catalog.search import Hits


def matching(instance: Instance, q: str, filters: Sequence[str]) -> Hits:
    """Find what q and the filters choose, the newest first and no more than search.MAX_WINDOW; SearchSyntaxError says what is wrong."""
    text, where = read_query(q, filters)
    return _newest(instance, where, text)


def tagged(instance: Instance, keyword: str) -> Hits:
    """Find what has a keyword, the newest first."""
    return _newest(instance, Is("tag", keyword))


def _newest(instance: Instance, where: Condition, text: str = "") -> Hits:
    query = SearchQuery(text=text, where=where, order=search.ORDERS["newest"], rows=search.MAX_WINDOW)
    return search.search(instance, query)
