"""The definitions of the cities' real sources: sound, polite and explained. Nothing here goes to the network."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harvesters.registry import HARVESTERS
from harvesters.source import Source, lint, load_folder

FOLDER = Path(__file__).parent.parent / "examples" / "real-sources"
FILES = sorted(FOLDER.glob("*.yaml"))
SOURCES = load_folder(FOLDER)
# What a hint may be about, and why that is right here.
HINTS = {
    "authority": "shows the order of the portals",
    "network.from": "a note for whoever runs the catalogue",
    "license": "the source states its licences",
    "description": "the source describes its datasets",
    "pattern": "the files are named by the list that has yet to be made",
}
BY_NIGHT = ("ckan", "csw", "mobilithek")


def test_each_kind_of_real_source_is_there() -> None:
    assert [source.id for source in SOURCES] == [file.stem for file in FILES]
    assert {source.type for source in SOURCES} == {
        *("ckan", "csw", "data-json", "dcat", "files", "mobilithek", "ogc", "pegelonline")
    }
    assert {source.city for source in SOURCES} == {"darmstadt", "frankfurt", "wiesbaden"}
    for portal in ("ckan", "mobilithek"):
        assert {source.city for source in SOURCES if source.type == portal} == {"darmstadt", "frankfurt", "wiesbaden"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_definitions_have_no_errors_and_only_known_hints(file: Path) -> None:
    findings = lint(file.read_bytes(), file.name)
    assert [found.message.en for found in findings if found.level == "error"] == []
    unknown = [found.message.en for found in findings if not any(word in found.message.en for word in HINTS)]
    assert unknown == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.id)
def test_sources_are_polite_and_know_where_to_go(source: Source) -> None:
    assert urlsplit(source.url).scheme == "https"
    assert urlsplit(source.url).hostname in source.network.allow
    assert source.limits.rate == 1 and source.limits.connections == 1
    assert source.type not in BY_NIGHT or source.schedule.window
    assert all(
        urlsplit(page).hostname == urlsplit(source.url).hostname for page in HARVESTERS[source.type].pages(source)
    )


def test_the_city_comes_before_the_portals_that_copy_it() -> None:
    own = [source.authority for source in SOURCES if source.type in ("data-json", "dcat", "files", "ogc")]
    copies = [source.authority for source in SOURCES if source.type in ("ckan", "mobilithek") or "gdi-de" in source.id]
    assert min(own) > max(copies)
    assert {source.type for source in SOURCES if source.mirrors} == {"ckan"}


def test_the_readme_names_each_definition() -> None:
    named = set(re.findall(r"`((?:da|ffm|wi)-[a-z-]+)`", (FOLDER / "README.md").read_text("utf-8")))
    assert {file.stem for file in FILES} <= named
