"""CKAN portals by their Action API (CKAN 2.x, package_search): page after page of packages in the order of their ids."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from dcat import ckan
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Problem, Reading
from harvesters import json_answers
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.json_answers import MAX_ITEMS, entries, members, text
from harvesters.source import Source

MAX_ROWS = 1000
_ROWS = 100
_API = re.compile(r"(/api(/3)?(/action(/package_search)?)?)?/*$")
# What counts calls and hits; it changes although the dataset does not.
_VOLATILE = ("tracking_summary",)


def pages(source: Source) -> tuple[str, ...]:
    """Name the first page: all packages, or those that the option `filter` selects in the words of CKAN's search (`fq`)."""
    asked = {"rows": str(_rows(source)), "sort": "id asc", "start": "0"}
    if words := source.option("filter").strip():
        asked["fq"] = words
    return (f"{root(source.url)}/api/3/action/package_search?{urlencode(asked)}",)


def split(page: Page, source: Source) -> Batch:
    """Cut one answer of package_search into packages; the next one starts behind those that really came."""
    result = _result(page)
    came, claimed = result["results"], json_answers.count(result.get("count"))
    public = [package for package in came if _is_public(package)]
    start = _start(page.url)
    problems: list[Problem] = []
    whole = len(came) <= MAX_ITEMS
    if not whole:
        problems.append(json_answers.too_many("results", len(came), MAX_ITEMS))
    if not came and claimed is not None and start < claimed:
        whole = False
        problems.append(_ended_early(page.url, start, claimed))
    end = start + len(came)
    more = bool(came) and (claimed is None or end < claimed)
    return Batch(
        items=_items(public[:MAX_ITEMS]),
        following=(_at(page.url, end),) if more else (),
        total=claimed,
        problems=tuple(problems),
        whole=whole,
        left_out=len(came) - len(public),
    )


def read(item: Item, source: Source) -> Reading:
    """Describe one package; UnreadableError without an id or a title."""
    package = item.content
    if item.remote_id.startswith("?") or not isinstance(package, Mapping):
        title = item.remote_id[1:]
        raise UnreadableError(Message(f"Der Datensatz „{title}“ hat keine id.", f"The dataset “{title}” has no id."))
    reading = ckan.read(package, site=root(source.url))
    if not reading.dataset.title:
        raise UnreadableError(Message(f"{item.remote_id} hat keinen Titel.", f"{item.remote_id} has no title."))
    return reading


CKAN = Harvester(type="ckan", accept="application/json", pages=pages, split=split, map=read, options=("filter", "rows"))


def root(url: str) -> str:
    """Give the root of a CKAN site, whose API may be named in its place."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, _API.sub("", parts.path), "", ""))


def _rows(source: Source) -> int:
    said = json_answers.count(source.option("rows", str(_ROWS)))
    return min(said, MAX_ROWS) if said else _ROWS


def _result(page: Page) -> dict[str, Any]:
    """Give the result of a call; UnreadableError with the API's own words where it has none."""
    answer = json_answers.read(page)
    if isinstance(answer, str):
        # CKAN refuses unknown calls with a sentence that is no envelope.
        raise _refused(page, text(answer, 500))
    envelope = members(answer)
    if envelope.get("success") is False:
        raise _refused(page, _words(envelope.get("error")))
    result = members(envelope.get("result"))
    if not isinstance(result.get("results"), list):
        raise json_answers.unexpected(
            page, "ist keine Antwort von package_search (CKAN)", "is no answer of package_search (CKAN)"
        )
    return result


def _words(error: Any) -> str:
    """Give what the API says of an error: its message, else what it says of each field."""
    told = members(error)
    if words := text(told.get("message"), 500):
        return words
    fields = (f"{key}: {text(line, 200)}" for key, lines in told.items() for line in [*entries(lines), lines])
    return "; ".join([line for line in fields if not line.endswith(": ")][:5]) or text(error, 500) or "?"


def _refused(page: Page, words: str) -> UnreadableError:
    return UnreadableError(
        Message(
            f"{page.url} wird abgelehnt: „{words}“ Nächster Schritt: Adresse und »filter« der Quelle prüfen.",
            f"{page.url} is refused: “{words}” Next step: check the address and the filter of the source.",
        )
    )


def _is_public(package: Any) -> bool:
    """Tell whether an entry is a public dataset. What is no package at all stays, so that it is not lost without a word."""
    said = members(package)
    return (
        said.get("private") not in (True, "true", "True")
        and said.get("state") in (None, "", "active")
        and said.get("type") not in ("harvest", "harvest_source")
    )


def _items(packages: list[Any]) -> Iterator[Item]:
    for package in packages:
        said = members(package)
        known = text(said.get("id"), 500) or f"?{text(said.get('title'), 200) or text(said.get('name'), 200) or '?'}"
        lasting = {key: value for key, value in said.items() if key not in _VOLATILE}
        yield Item(remote_id=known, content=package, stamp=json_answers.stamp(lasting) if said else b"")


def _start(url: str) -> int:
    return json_answers.count(dict(parse_qsl(urlsplit(url).query)).get("start")) or 0


def _at(url: str, start: int) -> str:
    """Name the page that starts at a number, of the same question."""
    parts = urlsplit(url)
    asked = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "start"]
    place = next((place for place, pair in enumerate(asked) if pair[0] == "fq"), len(asked))
    asked.insert(place, ("start", str(start)))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(asked), ""))


def _ended_early(url: str, start: int, claimed: int) -> Problem:
    message = Message(
        f"{url} ist leer, obwohl die Quelle {claimed} Datensätze nennt und erst {start} kamen.",
        f"{url} is empty, although the source claims {claimed} datasets and only {start} came.",
    )
    return Problem(path=url, code="ended-early", value=str(start), message=message)
