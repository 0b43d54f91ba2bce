"""What every protocol must pass: a harvest from the definition to the public dataset, and bytes that nobody would send on purpose."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson
import yaml
from conformance import Sample, Told
from homes import define
from source_site import Site

from catalog.instance import Instance
from dcat.errors import UnreadableError
from harvesters.base import Harvester, Page
from harvesters.source import Source, lint


def defined(instance: Instance, site: Site, sample: Sample, **changes: Any) -> Source:
    """Write a sample's own definition, with the address of the site in it; the test home knows two cities."""
    text = sample.definition.replace("{root}", site.url("")).replace("{host}", site.host)
    assert not [found.message.de for found in lint(text.encode(), "beispiel.yaml") if found.level == "error"]
    content = {**yaml.safe_load(text), "city": "darmstadt", **changes}
    return define(instance, site, **content)


def tell(site: Site, sample: Sample, *told: Told, page_size: int = 2) -> None:
    """Put the answers of a source that tells of some datasets."""
    for path, answer in sample.site(site.url(""), told, page_size).items():
        site.put(path, answer.body, answer.media_type, status=answer.status)


def damaged(body: bytes, rounds: int = 300) -> Iterator[bytes]:
    """Spoil bytes at random, in the same way each time: cut off, turned over, doubled, filled with odd values."""
    chance = random.Random(7)
    odd = (
        b"null",
        b"[]",
        b"{}",
        b'""',
        b"-1",
        b"1e300",
        b"true",
        b'"\xc3\x28"',
        b"99999999999999999999",
        b"<!--",
        b"&x;",
    )
    for _ in range(rounds):
        at, end = sorted((chance.randrange(len(body)), chance.randrange(len(body))))
        match chance.randrange(5):
            case 0:
                yield body[:at]
            case 1:
                yield body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
            case 2:
                yield body[:at] + body[end:]
            case 3:
                yield body[:end] + body[at:]
            case _:
                yield _swapped(body, odd[chance.randrange(len(odd))], chance)


ODD = (None, True, -1, 1e308, 2**63, "", "x" * 5000, "\x00\ufffe", "http://[", "//", "javascript:x", [], {}, [[]], [None], [{}],
       {"a": []}, "20260101", [1, 2], "'\"<>&", "#gbfs=x")  # fmt: skip


def odd(body: bytes) -> Iterator[bytes]:
    """Put odd values in the place of each value of a JSON document, one after the other."""
    content = orjson.loads(body)
    for path in list(_paths(content)):
        for value in ODD:
            yield orjson.dumps(_replaced(content, path, value))


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _paths(each, (*path, key))


def _replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    changed = value.copy()
    changed[path[0]] = _replaced(value[path[0]], path[1:], by)
    return changed


def _swapped(body: bytes, value: bytes, chance: random.Random) -> bytes:
    """Put an odd value in the place of one of a JSON document's."""
    starts = [i for i in range(len(body) - 1) if body[i : i + 1] in b":[," and i]
    at = starts[chance.randrange(len(starts))] + 1 if starts else 0
    end = next((i for i in range(at, len(body)) if body[i : i + 1] in b",]}"), len(body))
    return body[:at] + value + body[end:]


def survives(harvester: Harvester, page: Page, source: Source, bodies: Iterator[bytes]) -> int:
    """Read damaged pages; nothing but UnreadableError may come out. Gives how many records were read all the same."""
    read = 0
    for body in bodies:
        spoilt = replace(page, body=body)
        attempt(lambda spoilt=spoilt: harvester.live(spoilt))
        try:
            batch = harvester.split(spoilt, source)
            items = list(batch.items)
        except UnreadableError:
            continue
        for item in items:
            read += attempt(lambda item=item: harvester.map(item, source))
    return read


def attempt(job: Callable[[], object]) -> bool:
    try:
        job()
    except UnreadableError:
        return False
    return True
