"""The addresses of the feeds: which form and which part is asked for, validators, compression. What they send is made in feeds.py and atom.py.

Every answer may be kept but must be asked about again: a withdrawal takes its content out of every page, also out of closed ones.
An unchanged view, newest page or Atom feed costs one look at the end of the change log.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound

from catalog import holders, organizations, scopes, store
from catalog.api import activity, answers, atom, chosen, feeds, notice_feed, parameters
from catalog.api.answers import instance
from catalog.api.atom import Channel
from catalog.api.feeds import Feed
from catalog.api.query_tokens import SearchSyntaxError
from catalog.holders import Kind
from dcat.message import LANGUAGES, Lang, Message
from dcat.states import ACTIVE
from dcat.vocabularies import vocabulary

feed_pages = Blueprint("feeds", __name__)
_FOUND = Message("Suche: ", "search: ")
_LONGEST_TITLE = 200
# Whoever reads further follows the links, which cost less.
_MOST_PAGES = 200
_FORMS = {media_type: ending for ending, media_type in feeds.MEDIA_TYPES.items()}


@feed_pages.get("/feed")
@feed_pages.get("/feed.<any(trig,jsonld):ending>")
def stream(ending: str = "") -> Response:
    """Give the event stream (DCAT-AP Feeds): its view, or one `page` or `section` of it."""
    _only("page", "section")
    page, section = parameters.number("page", 0), parameters.number("section", 0)
    if page and section:
        raise BadRequest
    with instance().database.reading() as session:
        asked = _feed(session, ending)
        if page > asked.tree.pages(asked.newest) or section > asked.tree.sections(asked.newest):
            raise NotFound
        state = _state(session, asked, page)
        tag = answers.etag(instance().config, asked.ending, asked.address, page, section, state)
        return _answered(tag, feeds.MEDIA_TYPES[asked.ending], lambda: _part(session, asked, page, section))


@feed_pages.get("/feed/activity/<int:seq>")
def one_activity(seq: int) -> Response:
    """Give one activity of the event stream by itself; 404 once a newer one of the same dataset has replaced it."""
    _only()
    with instance().database.reading() as session:
        asked = _feed(session, "")
        body = feeds.single(session, asked, seq) if 1 <= seq <= asked.newest else None
    if body is None:
        raise NotFound
    tag = answers.etag(instance().config, "activity", asked.ending, seq)
    return _answered(tag, feeds.MEDIA_TYPES[asked.ending], lambda: body)


@feed_pages.get("/feeds/dataset.atom")
def every_dataset() -> Response:
    """Give the newest changes of the catalogue (Atom)."""
    return _atom(lambda session: Channel())


@feed_pages.get("/feeds/organization/<name>.atom")
def organization(name: str) -> Response:
    """Give the newest changes of one department (Atom)."""
    return _atom(lambda session: _organization(session, name))


@feed_pages.get("/feeds/group/<name>.atom")
def group(name: str) -> Response:
    """Give the newest changes of one group or theme (Atom)."""
    return _atom(lambda session: _group(session, name))


@feed_pages.get("/feeds/city/<slug>.atom")
def city(slug: str) -> Response:
    """Give the newest changes of one city (Atom)."""
    found = instance().config.find_city(slug)
    if found is None:
        raise NotFound
    return _atom(lambda session: Channel(title=found.name, scope=scopes.city(slug)))


@feed_pages.get("/feeds/tag/<path:keyword>.atom")
def tag(keyword: str) -> Response:
    """Give the newest changes of what has a keyword (Atom)."""
    hits = chosen.tagged(instance(), keyword)
    if not hits.count:
        raise NotFound
    return _atom(lambda session: Channel(title=keyword, within=hits.ids))


@feed_pages.get("/feeds/custom.atom")
def custom() -> Response:
    """Give the newest changes of what `q` and `fq` choose in CKAN's search language (Atom)."""
    _only("q", "fq", "before", "page", "lang")
    asked = {name: request.args[name] for name in ("q", "fq") if request.args.get(name)}
    try:
        hits = chosen.matching(instance(), asked.get("q", ""), [asked["fq"]] if "fq" in asked else [])
    except SearchSyntaxError as error:
        raise BadRequest from error
    title = _FOUND.in_(_language()) + " ".join(asked.values())[:_LONGEST_TITLE]
    return _atom(lambda session: Channel(title=title, within=hits.ids, query=urlencode(asked)), "q", "fq")


@feed_pages.get(notice_feed.PATH)
def harvest_notices() -> Response:
    """Give the newest notices of the harvest: sources that fail, wait for a decision or have recovered (Atom)."""
    _only("before", "lang")
    before, lang, config = parameters.number("before", 0), _language(), instance().config
    with instance().database.reading() as session:
        tag = answers.etag(config, "notices", before, lang, notice_feed.newest(session))
        return _answered(tag, notice_feed.MEDIA_TYPE, lambda: notice_feed.make(session, config, before, lang))


@feed_pages.after_request
def vary(answer: Response) -> Response:
    """Tell caches that one address answers in two forms."""
    if request.path == "/feed" or request.path.startswith("/feed/"):
        answer.vary.add("Accept")
    return answer


def _organization(session: Session, name: str) -> Channel:
    found = organizations.find(session, name)
    if found is None:
        raise NotFound
    return Channel(title=found.title, scope=scopes.organization(found.name))


def _group(session: Session, name: str) -> Channel:
    theme, config = vocabulary("theme").find(name), instance().config
    # Nobody founds a group under the code of a theme where the themes are groups themselves.
    if theme is None or name.upper() != theme.code or not config.ckan_themes_as_groups:
        founded = holders.find(session, config, Kind.GROUP, name)
        if founded is not None and not founded.theme and founded.state == ACTIVE:
            return Channel(title=founded.title or founded.name, scope=founded.scope)
    if theme is None:
        raise NotFound
    return Channel(title=theme.label.in_(_language()), scope=scopes.theme(theme.code))


def _feed(session: Session, ending: str) -> Feed:
    config = instance().config
    suffix = f".{ending}" if ending else ""
    return Feed(
        site=config.site_url,
        address=f"{config.site_url}/feed{suffix}",
        ending=ending or answers.preferred(_FORMS)[0],
        newest=store.last_seq(session),
    )


def _state(session: Session, asked: Feed, page: int) -> object:
    """Name what decides the bytes. A closed page loses activities, and each loss is seen in the numbers that are left."""
    if page and page < asked.tree.pages(asked.newest):
        return activity.present(session, (page - 1) * asked.tree.page + 1, page * asked.tree.page)
    return asked.newest


def _part(session: Session, asked: Feed, page: int, section: int) -> bytes:
    if page:
        return feeds.page(session, asked, page)
    if section:
        return feeds.section(session, asked, section)
    return feeds.view(session, instance().config, asked)


def _atom(choose: Callable[[Session], Channel], *names: str) -> Response:
    _only("before", "page", "lang", *names)
    before, page, lang = parameters.number("before", 0), parameters.number("page", 0, _MOST_PAGES), _language()
    if before and page:
        raise BadRequest
    config = instance().config
    with instance().database.reading() as session:
        channel = choose(session)
        before = atom.before_page(session, channel, page) if page else before
        tag = answers.etag(config, "atom", request.path, before, lang, store.last_seq(session), channel)
        return _answered(tag, atom.MEDIA_TYPE, lambda: atom.make(session, config, channel, request.path, before, lang))


def _language() -> Lang:
    """Tell which language is asked for in the address: a feed is kept in shared caches, so no cookie decides."""
    found: Lang | None = next((lang for lang in LANGUAGES if lang == request.args.get("lang", "de")), None)
    if found is None:
        raise BadRequest
    return found


def _only(*names: str) -> None:
    """Refuse what is not known or stands twice: it must not look as if it had been heeded."""
    if any(name not in names or len(values) > 1 for name, values in request.args.lists()):
        raise BadRequest


def _answered(tag: str, media_type: str, make: Callable[[], bytes]) -> Response:
    content_type = media_type if media_type.endswith("json") else f"{media_type}; charset=utf-8"
    if answers.known(tag, None) or request.method == "HEAD":
        return answers.not_modified(content_type, tag, None, max_age=0)
    return answers.whole(make(), content_type, tag, None, max_age=0)
