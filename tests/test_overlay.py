"""A steward's edits: over what the source says, with reason and end, and with a notice when the source says something new beneath."""

import datetime
from collections.abc import Iterator
from typing import Any

import builders
import homes
import pytest
import source_site
import sqlalchemy as sa
from homes import define
from source_site import Entry, Site

from catalog import edit_words, editing, edits, jobs, overlay
from catalog.instance import Instance
from catalog.layers import layered
from catalog.models import NoticeRow, Overlay
from catalog.overlay import Edit
from dcat.errors import ConfigError
from dcat.model import Dataset, Text
from harvesters.source import Defaults

URI = "https://daten.amt.example/dataset/baeume"


@pytest.fixture
def site() -> Iterator[Site]:
    with source_site.running() as site:
        yield site


@pytest.fixture
def instance(tmp_path: Any) -> Iterator[Instance]:
    with homes.home(tmp_path / "home") as instance:
        yield instance


def tell(site: Site, title: str, description: str = "Alle Bäume.") -> None:
    site.put_catalogue([[Entry("baeume", title, description=description, uri=URI)]])


def shown(instance: Instance) -> Dataset:
    (one,) = homes.shown_all(instance)
    return one.dataset


def title(instance: Instance) -> str:
    return shown(instance).title[0].value


def edit(instance: Instance, *entries: str, **fields: Any) -> None:
    (one,) = homes.shown_all(instance)
    given = {"author": "Datenstelle", "reason": "verständlicher"}
    editing.change(instance, one.id, edit_words.edits(entries), **{**given, **fields})


def conflicts(instance: Instance) -> list[str]:
    with instance.database.reading() as session:
        return list(session.scalars(sa.select(Overlay.field).where(Overlay.conflict_at.is_not(None))))


def test_an_edit_outlives_harvests_and_can_be_taken_back(instance: Instance, site: Site) -> None:
    tell(site, "baumkat_2026")
    source = define(instance, site)
    jobs.harvest(instance, source)
    edit(instance, "title=Baumkataster", "keyword=Bäume", "keyword@en=trees")
    assert title(instance) == "Baumkataster"
    assert {(t.value, t.lang) for t in shown(instance).keyword} == {("Bäume", "de"), ("trees", "en")}
    tell(site, "baumkat_2026", description="Alle Bäume der Stadt.")
    jobs.harvest(instance, source)
    assert title(instance) == "Baumkataster" and shown(instance).description[0].value == "Alle Bäume der Stadt."
    edit(instance, drop=("title",))
    assert title(instance) == "baumkat_2026"


def test_a_source_that_changes_beneath_an_edit_raises_a_notice_once(instance: Instance, site: Site) -> None:
    tell(site, "baumkat_2026")
    source = define(instance, site)
    jobs.harvest(instance, source)
    edit(instance, "title=Baumkataster")
    for number in (2027, 2028):
        tell(site, f"baumkat_{number}")
        jobs.harvest(instance, source)
        assert conflicts(instance) == ["title"] and title(instance) == "Baumkataster"
    with instance.database.reading() as session:
        kinds = list(session.scalars(sa.select(NoticeRow.kind)))
    assert kinds.count("conflict") == 1
    edit(instance, keep=("title",))
    assert conflicts(instance) == [] and title(instance) == "Baumkataster"


def test_a_conflict_settles_itself_when_the_source_returns_to_what_it_said(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    for said, expected in (("alt", []), ("neu", ["title"]), ("alt", [])):
        tell(site, said)
        jobs.harvest(instance, source)
        if said == "alt" and not homes.changes(instance)[1:]:
            edit(instance, "title=Baumkataster")
        assert conflicts(instance) == expected


def test_an_edit_ends_on_its_day(instance: Instance, site: Site) -> None:
    tell(site, "baumkat_2026")
    jobs.harvest(instance, define(instance, site))
    yesterday = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - datetime.timedelta(days=2)
    edit(instance, "title=Baumkataster", until=yesterday)
    assert title(instance) == "baumkat_2026"
    assert editing.expire(instance) == 1
    with instance.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Overlay)) == 0


def test_an_edit_completes_a_record_that_would_be_refused(instance: Instance, site: Site) -> None:
    tell(site, "Bäume")
    source = define(instance, site)
    jobs.harvest(instance, source)
    edit(instance, "description=Alle Bäume an Straßen und in Grünanlagen.")
    tell(site, "Bäume", description="")
    assert jobs.harvest(instance, source).status == "applied"
    assert homes.quarantined(instance) == {}
    with pytest.raises(ConfigError, match="incomplete"):
        edit(instance, drop=("description",))
    assert shown(instance).description[0].value.startswith("Alle Bäume an")


def test_edits_of_distributions_reach_each_of_them(instance: Instance, site: Site) -> None:
    files = ("https://daten.amt.example/a.csv", "https://daten.amt.example/b.csv")
    site.put_catalogue([[Entry("baeume", "Bäume", uri=URI, files=files)]])
    jobs.harvest(instance, define(instance, site))
    edit(instance, "distribution.license=cc-by/4.0")
    assert {d.license for d in shown(instance).distribution} == {"http://dcat-ap.de/def/licenses/cc-by/4.0"}


@pytest.mark.parametrize(
    ("rule", "said", "expected"),
    [
        ("prefer-local", ("Wald",), ("Baum",)),
        ("fill-if-missing", ("Wald",), ("Wald",)),
        ("fill-if-missing", (), ("Baum",)),
        ("prefer-upstream", ("Wald",), ("Wald",)),
        ("prefer-upstream", (), ("Baum",)),
        ("union", ("Wald",), ("Wald", "Baum")),
        ("union", ("Baum", "Wald"), ("Baum", "Wald")),
    ],
)
def test_the_rule_of_a_field_says_who_prevails(rule: str, said: tuple[str, ...], expected: tuple[str, ...]) -> None:
    def texts(words: tuple[str, ...]) -> tuple[Text, ...]:
        return tuple(Text(word, "de") for word in words)

    upstream = builders.dataset(keyword=texts(said))
    given = {"type": "dcat", "fields": (("keyword", rule),)}
    city = homes.config.City("darmstadt", "Darmstadt", "06411000")
    edited = layered(upstream, builders.source(**given), city, ours=False, edits=(Edit("keyword", texts(("Baum",))),))
    assert edited.dataset.keyword == texts(expected)
    by_definition = builders.source(**given, defaults=Defaults(keywords=texts(("Baum",))))
    assert layered(upstream, by_definition, city, ours=False).dataset.keyword == texts(expected)


@pytest.mark.parametrize(
    "entry", ["uri=https://x.example/", "distribution=[]", "titel=x", "title", "frequency=manchmal", "publisher=Amt"]
)
def test_what_cannot_be_edited_is_refused_with_an_example(entry: str) -> None:
    with pytest.raises(ConfigError, match="Example: keyword="):
        edit_words.edits([entry])


def test_every_editable_field_survives_the_database() -> None:
    full = builders.dataset()
    for field in overlay.editable():
        value = overlay.stated(full, field)
        if field.startswith("distribution."):
            value = value[0]
        assert edits._read(field, edits._write(Edit(field, value))) == value, field


def test_an_edit_that_was_interrupted_before_it_was_published_is_made_good(
    instance: Instance, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(site, "baumkat_2026")
    source = define(instance, site)
    jobs.harvest(instance, source)
    with monkeypatch.context() as patch:
        patch.setattr(editing, "publish", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            edit(instance, "title=Baumkataster")
    assert title(instance) == "baumkat_2026"
    jobs.refresh(instance, source)
    assert title(instance) == "Baumkataster"
    edit(instance, "keyword=Bäume")
    assert jobs.refresh(instance, source) == 0, "an edit that went through leaves nothing to do"


def test_an_edit_of_what_waits_in_quarantine_counts_at_the_next_harvest(instance: Instance, site: Site) -> None:
    tell(site, "Bäume")
    source = define(instance, site)
    jobs.harvest(instance, source)
    tell(site, "Bäume, neu", description="")
    jobs.harvest(instance, source)
    assert homes.quarantined(instance) == {URI: "profile"}
    edit(instance, "description=Alle Bäume an Straßen und in Grünanlagen.")
    assert jobs.harvest(instance, source).status == "applied", "though the source says what it said before"
    assert homes.quarantined(instance) == {} and title(instance) == "Bäume, neu"
