"""The search index: it follows the change log, heals, and finds what people mean."""

import shutil
import subprocess
import sys
from pathlib import Path

import homes
import pytest
import source_site
from homes import define
from source_site import Entry, Site, entries

import cli
from catalog import jobs, search, store
from catalog.instance import Instance
from harvesters.source import Source

TITLES = {
    "kataster": "Baumkataster",
    "baeume": "Bäume in Grünanlagen",
    "spiel": "Spielplätze",
    "haushalt": "Haushaltsplan 2026",
}


@pytest.fixture
def source(instance: Instance, site: Site) -> Source:
    site.put_catalogue([[Entry(name, title) for name, title in TITLES.items()]])
    found = define(instance, site)
    jobs.harvest(instance, found)
    return found


def titles(instance: Instance, hits: search.Hits) -> list[str]:
    with instance.database.reading() as session:
        return [shown.dataset.title[0].value for shown in store.views(session, list(hits.ids))]


def found(instance: Instance, text: str, **given: object) -> list[str]:
    return titles(instance, search.search(instance, text, **given))  # type: ignore[arg-type]


def test_a_search_finds_what_was_just_published(instance: Instance, site: Site, source: Source) -> None:
    assert search.search(instance, "").count == 4
    site.put_catalogue([[*(Entry(n, t) for n, t in TITLES.items()), Entry("neu", "Ganz neuer Datensatz")]])
    jobs.harvest(instance, source)
    assert found(instance, "ganz neuer") == ["Ganz neuer Datensatz"]
    site.put_catalogue([[*(Entry(n, t) for n, t in TITLES.items()), Entry("neu", "Umbenannt")]])
    jobs.harvest(instance, source)
    assert found(instance, "ganz neuer") == []
    assert found(instance, "umbenannt") == ["Umbenannt"]


def test_baum_finds_trees_in_all_their_forms(instance: Instance, source: Source) -> None:
    for word in ("Baum", "baum", "Bäume", "BAEUME", "Bäumen"):
        assert set(found(instance, word)) >= {"Baumkataster", "Bäume in Grünanlagen"}, word
    assert found(instance, "Baum")[0] in ("Baumkataster", "Bäume in Grünanlagen")
    assert found(instance, "Spielplatz") == ["Spielplätze"]
    assert len(found(instance, "Baum Haushalt")) == 3, "any word finds"
    assert found(instance, "Quetzalcoatl") == []


@pytest.mark.parametrize(
    "text", ['"', "(", "baum AND", "*", "a:b", "\\", "baum)", "[x TO y]", "\x00", "🌳", "ß" * 5000]
)
def test_no_text_stops_the_search(instance: Instance, source: Source, text: str) -> None:
    assert search.search(instance, text).count >= 0


def test_the_sequence_number_is_in_the_same_commit(instance: Instance, source: Source) -> None:
    assert search.catch_up(instance) == 4
    assert search.catch_up(instance) == 0
    index = search.opened(instance.config.home / "index")
    with instance.database.reading() as session:
        assert index.marks["changes"] == store.last_seq(session) == 4
    assert search.search(instance, "").count == 4, "the mark is no hit"


def test_a_rebuilt_index_finds_the_same(instance: Instance, source: Source) -> None:
    def answers() -> list[object]:
        return [search.search(instance, text, order=order) for text in ("", "Baum") for order in ("", "title", "name")]

    before = answers()
    assert search.rebuild(instance) == 4
    assert answers() == before
    assert search.rebuild(instance) == 4
    assert answers() == before


def test_a_withdrawn_dataset_disappears_and_comes_back(instance: Instance, site: Site, source: Source) -> None:
    assert found(instance, "Spielplatz") == ["Spielplätze"]
    rest = [Entry(name, title) for name, title in TITLES.items() if name != "spiel"]
    site.put_catalogue([rest])
    for _ in range(2):
        jobs.harvest(instance, source)
    assert found(instance, "Spielplatz") == []
    assert search.search(instance, "").count == 3
    site.put_catalogue([[*rest, Entry("spiel", TITLES["spiel"])]])
    jobs.harvest(instance, source)
    assert found(instance, "Spielplatz") == ["Spielplätze"]


def test_filters_count_and_narrow(instance: Instance, site: Site, source: Source) -> None:
    other = define(instance, site, id="ffm", city="frankfurt", department="Grünflächenamt", url=site.url("/ffm.ttl"))
    site.put("/ffm.ttl", source_site.catalogue(site.url("/ffm.ttl"), entries(1, 2)))
    jobs.harvest(instance, other)
    everything = search.search(instance, "")
    assert everything.facets["city"] == {"darmstadt": 4, "frankfurt": 2}
    assert search.search(instance, "", [("city", "frankfurt")]).count == 2
    assert search.search(instance, "Baum", [("city", "frankfurt")]).count == 0
    assert search.search(instance, "", [("city", "darmstadt"), ("city", "frankfurt")]).count == 0
    assert search.search(instance, "", [("city", "nirgends")]).facets["city"] == {}


def test_orders_and_windows(instance: Instance, source: Source) -> None:
    by_title = found(instance, "", order="title")
    assert by_title == ["Baumkataster", "Bäume in Grünanlagen", "Haushaltsplan 2026", "Spielplätze"] or by_title == [
        "Bäume in Grünanlagen",
        "Baumkataster",
        "Haushaltsplan 2026",
        "Spielplätze",
    ]
    assert found(instance, "", order="title", start=1, rows=2) == by_title[1:3]
    assert found(instance, "", order="title", start=4) == []
    assert len(found(instance, "", order="name")) == len(found(instance, "", order="newest")) == 4


@pytest.mark.parametrize("damage", ["meta", "torn meta", "segments", "torn segments", "everything", "no folder"])
def test_a_damaged_index_heals(instance: Instance, source: Source, damage: str) -> None:
    assert search.search(instance, "Baum").count == 2
    folder = instance.config.home / "index"
    search.opened.cache_clear()
    files = [file for file in folder.iterdir() if file.is_file()]
    segments = [file for file in files if file.suffix in (".store", ".term", ".idx", ".fast")]
    assert segments
    if damage == "meta":
        (folder / "meta.json").unlink()
    elif damage == "torn meta":
        (folder / "meta.json").write_text("{")
    elif damage == "segments":
        for file in segments:
            file.unlink()
    elif damage == "torn segments":
        for file in segments:
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif damage == "everything":
        for file in files:
            file.write_bytes(b"\0" * 64)
    else:
        shutil.rmtree(folder)
    assert search.search(instance, "Baum").count == 2


OTHER = """
import sys
sys.path.insert(0, sys.argv[1])
from catalog import search
from catalog.instance import open_instance
instance = open_instance()
print(search.rebuild(instance) if sys.argv[2] == "rebuild" else search.search(instance, sys.argv[2]).count)
instance.database.close()
"""


def in_another_process(instance: Instance, *words: str) -> list[str]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OTHER, str(Path(cli.__file__).parent), word],
            env=homes.environment(instance.config.home),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for word in words
    ]
    answers = []
    for process in processes:
        with process:
            answers.append((*process.communicate(timeout=60), process.returncode))
    assert "".join(errors for _, errors, _ in answers) == ""
    assert {code for _, _, code in answers} == {0}
    return [output.strip() for output, _, _ in answers]


@pytest.mark.slow
def test_many_processes_may_open_an_index_for_the_first_time(instance: Instance, source: Source) -> None:
    for _ in range(2):
        shutil.rmtree(instance.config.home / "index", ignore_errors=True)
        assert in_another_process(instance, *["Baum"] * 5) == ["2"] * 5


@pytest.mark.slow
def test_two_processes_share_an_index(instance: Instance, site: Site, source: Source) -> None:
    assert in_another_process(instance, "Baum", "Spielplatz", "Baum") == ["2", "1", "2"]
    assert search.search(instance, "Baum").count == 2
    site.put_catalogue([[*(Entry(n, t) for n, t in TITLES.items()), Entry("neu", "Baumscheiben")]])
    jobs.harvest(instance, source)
    assert in_another_process(instance, "Baum", "Baum") == ["3", "3"]
    assert search.search(instance, "Baum").count == 3


@pytest.mark.slow
def test_an_index_rebuilt_by_another_process_is_taken_up(instance: Instance, site: Site, source: Source) -> None:
    assert search.search(instance, "Baum").count == 2
    assert in_another_process(instance, "rebuild") == ["4"]
    assert search.search(instance, "Baum").count == 2
    site.put_catalogue([[*(Entry(n, t) for n, t in TITLES.items()), Entry("neu", "Baumscheiben")]])
    jobs.harvest(instance, source)
    assert search.search(instance, "Baum").count == 3
    assert in_another_process(instance, "Baum") == ["3"]
