"""The index follows its logs: incrementally or anew it becomes the same, and what is learnt changes what stood there before."""

import datetime
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from homes import define
from source_site import Entry, Site

from catalog import index_writing, jobs, search, search_index, search_misses, search_sources
from catalog.db import now
from catalog.index_entry import IndexEntry
from catalog.instance import Instance
from catalog.models import Score
from catalog.query import Is, SearchQuery
from catalog.search_sources import Changed, Log, Source
from harvesters.source import Source as Definition

STEPS = (
    {"a": "Baumkataster", "b": "Verkehrszählung", "c": "Quaddelkataster"},
    {"a": "Baumkataster", "b": "Verkehrszählung", "c": "Quaddelkataster", "d": "Quaddel und Zählung"},
    {"a": "Bäume", "b": "Verkehrszählung", "c": "Quaddelkataster", "d": "Quaddel und Zählung", "e": "Spielplatz"},
    {"a": "Bäume", "b": "Verkehrszählung", "d": "Quaddel und Zählung", "e": "Spielplätze"},
)
ASKED = ("", "Baum", "Kataster", "Quaddel", "Zählung", "Verkehr", "Spielplatz", "Spielpltz", "Verzählung")


@pytest.fixture
def source(instance: Instance, site: Site) -> Definition:
    site.put_catalogue([[Entry("a", "Baumkataster")]])
    return define(instance, site)


def answers(instance: Instance) -> list[tuple[str, int, frozenset[str], str]]:
    found = [(text, search.search(instance, text)) for text in ASKED]
    return [(text, hits.count, frozenset(hits.ids), hits.suggestion) for text, hits in found]


def test_a_rebuilt_index_answers_as_one_that_grew(instance: Instance, site: Site, source: Definition) -> None:
    for step in STEPS:
        site.put_catalogue([[Entry(name, title) for name, title in step.items()]])
        jobs.harvest(instance, source)
        grown = answers(instance)
        search.rebuild(instance)
        assert answers(instance) == grown


def test_a_new_word_takes_older_compounds_apart(instance: Instance, site: Site, source: Definition) -> None:
    first = Entry("alt", "Wumbelkrux")
    site.put_catalogue([[first]])
    jobs.harvest(instance, source)
    assert search.search(instance, "Krux").count == 0
    site.put_catalogue([[first, Entry("eins", "Die Krux"), Entry("zwei", "Ein Wumbel")]])
    jobs.harvest(instance, source)
    assert search.search(instance, "Krux").count == 2
    assert search.search(instance, "Wumbel").count == 2


def test_a_large_change_is_taken_in_slices(
    instance: Instance, site: Site, source: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_writing, "SLICE", 3)
    site.put_catalogue([[Entry(f"n{n}", f"Datensatz {n}") for n in range(10)]])
    jobs.harvest(instance, source)
    assert search.catch_up(instance, budget=0) == 3
    assert search.catch_up(instance) >= 7
    assert search.search(instance, "").count == 10
    assert search.catch_up(instance) == 0
    assert search.rebuild(instance) == 10


def test_an_older_database_makes_the_index_anew(instance: Instance, site: Site, source: Definition) -> None:
    jobs.harvest(instance, source)
    assert search.search(instance, "Baumkataster").count == 1
    index = search.opened(instance.config.home / "index")
    with index.writing(1) as writer:
        assert writer is not None
        writer.delete_all_documents()
        writer.add_document(search_index.mark_document({"changes": 99, "scores": 0}))
    assert search.search(instance, "Baumkataster").count == 1


def test_a_new_score_changes_the_band(instance: Instance, site: Site, source: Definition) -> None:
    jobs.harvest(instance, source)
    before = search.search(instance, SearchQuery(facets=("quality",))).facets["quality"]
    assert sum(before.values()) == 1
    with instance.database.writing() as session:
        session.execute(sa.update(Score).values(total=400, scored_at=now() + datetime.timedelta(seconds=1)))
    assert search.search(instance, SearchQuery(facets=("quality",))).facets["quality"] == {"excellent": 1}
    assert search.search(instance, SearchQuery(where=Is("quality", "excellent"))).count == 1


def test_another_log_brings_what_is_not_public(
    instance: Instance, site: Site, source: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = {"draft-1": "Geheimer Entwurf"}

    def entries(_session: object, ids: list[str]) -> Iterator[IndexEntry]:
        for one in ids:
            if one in drafts:
                yield IndexEntry(
                    id=one, name=one, title=(drafts[one],), state="draft", private=True, readers=("member-7",)
                )

    def log() -> Log:
        return Log(
            name="test",
            last=sa.literal(len(drafts)),
            changed=lambda _, since, most: Changed(upto=len(drafts), ids=tuple(drafts)),
        )

    known = search_sources.SOURCES
    monkeypatch.setattr(search_sources, "SOURCES", (*known, Source(logs=(log(),), entries=entries)))
    jobs.harvest(instance, source)
    everybody = SearchQuery(text="Entwurf")
    member = SearchQuery(
        text="Entwurf", readers=frozenset({"public", "member-7"}), states=frozenset({"draft", "active"}), private=True
    )
    assert search.search(instance, everybody).count == 0
    assert search.search(instance, member).ids == ("draft-1",)
    assert search.suggest(instance, "Geheim") == ()
    drafts["draft-2"] = "Zweiter Entwurf"
    monkeypatch.setattr(search_sources, "SOURCES", (*known, Source(logs=(log(),), entries=entries)))
    assert search.search(instance, member).count == 2
    assert search.rebuild(instance) == 3


def test_what_is_typed_gets_proposals(instance: Instance, site: Site, source: Definition) -> None:
    site.put_catalogue([[Entry("a", "Baumkataster der Stadt"), Entry("b", "Bäume"), Entry("c", "Haushalt")]])
    jobs.harvest(instance, source)
    found = search.suggest(instance, "bau")
    assert {(one.kind, one.text) for one in found if one.kind == "dataset"} == {
        ("dataset", "Baumkataster der Stadt"),
        ("dataset", "Bäume"),
    }
    assert all(one.name for one in found if one.kind == "dataset")
    assert [one.text for one in search.suggest(instance, "Stadt Baumk")] == ["Baumkataster der Stadt"]
    assert search.suggest(instance, "  ") == search.suggest(instance, "xyzzy") == ()
    assert len(search.suggest(instance, "b", limit=1)) == 1


def test_what_found_nothing_is_counted(instance: Instance) -> None:
    with instance.database.writing() as session:
        for text in ("Einhorn", " EINHORN ", "Drache", "name@example.org", "Tel. 0615112345", "x" * 300, ""):
            search_misses.note_miss(session, text)
    with instance.database.reading() as session:
        found = search_misses.misses(session)
    assert [(miss.words, miss.count) for miss in found][:1] == [("einhorn", 2)]
    assert {miss.words for miss in found} == {"einhorn", "drache", "x" * 200}
    with instance.database.writing() as session:
        search_misses.forget_misses(session, "Einhorn")
    with instance.database.reading() as session:
        assert "einhorn" not in {miss.words for miss in search_misses.misses(session)}


def test_the_oldest_misses_go(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_misses, "MOST", 3)
    for word in ("eins", "zwei", "drei", "vier"):
        with instance.database.writing() as session:
            search_misses.note_miss(session, word)
    with instance.database.reading() as session:
        assert {miss.words for miss in search_misses.misses(session)} == {"zwei", "drei", "vier"}
