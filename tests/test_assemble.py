"""Assembling what the public sees: what is held back leaves no trace of the data, what is shown has the right addresses."""

from dataclasses import replace
from typing import Any

import builders
import pytest

from catalog import public, publication
from catalog.assemble import (
    ALONE,
    Assembled,
    Checked,
    Setting,
    Surroundings,
    Upstream,
    addresses,
    assemble,
    links,
    subjects,
)
from catalog.config import City
from catalog.derived_files import quoted
from catalog.policy import Policies, Withholding
from catalog.public import FileState, Reason
from dcat import rdf_writer
from dcat.message import Message
from dcat.model import Checksum, Contact, Dataset, Distribution, Relationship, Text
from dcat.profile import RELEASES
from dcat.vocabularies import NON_PUBLIC

SITE = builders.SITE
ID = "7e0f1a52-0000-4000-8000-000000000001"
SOURCE = builders.source(release="at_once", schemas=(("Baeume*.CSV", "baumkataster"), ("*", "rest")))
URL = "https://amt.example/ablage/baeume.csv"
CITY = City("darmstadt", "Darmstadt", "06411000")
SECRET = "Quartier-4711"
REASON = Reason(code="N1", text=Message("Geschützt.", "Protected."), legal_basis="§ 44", review_by="2027-10-05")
REPORT = {"errors": [{"cell": SECRET}]}
HIDDEN = {"errors": [{}]}
OK = Checked(
    outcome="ok",
    valid=True,
    schema_id="baumkataster",
    sentence=Message("Die Tabelle ist in Ordnung.", "The table is fine."),
    report=REPORT,
    hidden=HIDDEN,
    header=("id", "fundort"),
    rows=(("1", SECRET),),
    checked_at="2026-06-01T00:00:00Z",
    modified="2026-05-31T00:00:00Z",
    size=987654321,
    sha256="ab" * 32,
)
FOUND = Message("Die Spalte „ort“ nennt Personen.", "The column “ort” names persons.")


def file(url: str = URL, **fields: Any) -> Distribution:
    given = {"uri": "", "title": (Text("Bäume", "de"),), "access_url": (url,), "download_url": (url,)}
    return Distribution(**given | {"license": builders.LICENSE, "checksum": Checksum(algorithm=builders.SHA256, value="cd" * 32), "byte_size": 1} | fields)  # fmt: skip


def dataset(*distributions: Distribution) -> Dataset:
    return Dataset(title=(Text("Bäume", "de"),), distribution=distributions or (file(),))


def assembled(
    upstream: Dataset,
    *checks: Checked,
    ours: bool = True,
    withhold: Withholding | None = None,
    source: Any = SOURCE,
    around: Surroundings = ALONE,
) -> Assembled:
    given = Upstream(
        id=ID, name="baeume", remote_id="baeume", dataset=upstream, published_at="2026-01-01", modified_at="2026-02-02"
    )
    setting = Setting(
        source=source,
        city=CITY,
        organization="da-amt",
        organization_title="Grünflächenamt",
        ours=ours,
        local=ours,
        policies=Policies((withhold,) if withhold else ()),
        site_url=SITE,
    )
    found = {a.id: check for a, check in zip(addresses(ID, upstream, source), checks, strict=False)}
    return assemble(given, setting, found, around)


def withholding(name: str = "") -> Withholding:
    scope = "distribution" if name else "dataset"
    return Withholding(scope=scope, source="da-amt", dataset="baeume", file=name, reason=REASON)


def assert_no_trace(body: bytes) -> None:
    """Nothing that leads to the data or was made of them."""
    for trace in (
        b"https://amt.example",
        b"/download/",
        SECRET.encode(),
        b"ab" * 32,
        b"cd" * 32,
        b"987654321",
        b"fundort",
    ):
        assert trace not in body, trace


@pytest.mark.parametrize("ours", [True, False])
def test_a_withheld_dataset_leaves_no_trace_of_its_data(ours: bool) -> None:
    upstream = dataset(file(), file("https://amt.example/ablage/baeume.geojson", uri="https://amt.example/d/2"))
    sample = file("https://amt.example/ablage/beispiel.csv", uri="https://amt.example/d/3")
    shown = assembled(replace(upstream, sample=(sample,)), OK, OK, ours=ours, withhold=withholding()).shown
    assert shown.dataset.distribution == shown.dataset.sample == () and shown.dataset.access_rights == NON_PUBLIC
    assert shown.withheld == REASON
    assert [(f.state, f.reason) for f in shown.files] == [(FileState.WITHHELD, REASON)] * 2
    assert shown.dataset.title == upstream.title
    assert_no_trace(public.write(shown))


@pytest.mark.parametrize("files", [(), (file(),)], ids=["without files", "with a file"])
def test_a_withheld_dataset_says_why_in_its_description(files: tuple[Distribution, ...]) -> None:
    upstream = replace(
        dataset(),
        description=(Text("Alle Bäume.", "de"), Text("All trees.", "en"), Text("Tous les arbres.", "fr")),
        access_rights=f"{builders.AUTHORITY}/access-right/PUBLIC",
        distribution=files,
    )
    shown = assembled(upstream, OK, withhold=withholding()).shown
    assert shown.dataset.description == (
        Text("Alle Bäume.\n\nDie Daten sind nicht veröffentlicht: Geschützt. (§ 44)", "de"),
        Text("All trees.\n\nThe data are not published: Protected. (§ 44)", "en"),
        Text("Tous les arbres.", "fr"),
    )
    assert shown.dataset.access_rights == NON_PUBLIC
    assert shown.dataset.legal_basis == (Text("§ 44", "de"),)
    assert shown.dataset.distribution == ()


@pytest.mark.parametrize("said", [(), (Text("Tous les arbres.", "fr"),)])
def test_the_reason_stands_in_german_where_neither_language_is_there(said: tuple[Text, ...]) -> None:
    shown = assembled(replace(dataset(), description=said), OK, withhold=withholding()).shown
    note = Text("Die Daten sind nicht veröffentlicht: Geschützt. (§ 44)", "de")
    assert shown.dataset.description == (*said, note)


def test_a_withheld_file_leaves_no_trace_and_the_others_stay() -> None:
    secret, open_file = file("https://amt.example/ablage/orte.csv"), file("https://offen.example/zahlen.csv")
    shown = assembled(
        dataset(secret, open_file), OK, replace(OK, rows=()), ours=False, withhold=withholding("orte.csv")
    ).shown
    hidden, visible = shown.files
    assert (hidden.state, hidden.reason, visible.state) == (FileState.WITHHELD, REASON, FileState.LINKED)
    assert shown.withheld is None and shown.dataset.access_rights == ""
    assert [d.download_url for d in shown.dataset.distribution] == [("https://offen.example/zahlen.csv",)]
    only_hidden = replace(shown, files=(hidden,), dataset=replace(shown.dataset, distribution=()))
    assert_no_trace(public.write(only_hidden))
    assert (hidden.report, hidden.header, hidden.rows, hidden.sentence, hidden.copy) == (None, (), (), None, "")


@pytest.mark.parametrize(
    "withhold",
    [
        replace(withholding("orte.csv"), source="wi-amt"),
        replace(withholding("orte.csv"), dataset="wege"),
        withholding("andere.csv"),
        replace(withholding(), dataset="wege"),
    ],
)
def test_a_decision_on_something_else_changes_nothing(withhold: Withholding) -> None:
    upstream = dataset(file("https://amt.example/ablage/orte.csv"))
    assert assembled(upstream, OK, withhold=withhold) == assembled(upstream, OK)


def test_a_public_file_gets_our_address_size_and_checksum() -> None:
    shown = assembled(dataset(file(modified="2020-01-01")), OK).shown
    (found,) = shown.files
    url = f"{SITE}/dataset/{ID}/resource/{found.id}/download/baeume.csv"
    (published,) = shown.dataset.distribution
    assert found.state is FileState.PUBLIC and found.reason is None
    assert found.distribution == published
    assert published.uri == f"{SITE}/distribution/{found.id}"
    assert (published.access_url, published.download_url) == ((url,), (url,))
    assert (published.byte_size, published.modified) == (987654321, "2020-01-01")
    assert published.checksum is not None and published.checksum.value == "ab" * 32
    assert (found.report, found.header, found.rows, found.copy) == (REPORT, OK.header, OK.rows, OK.sha256)
    assert b"amt.example" not in public.write(shown)


def test_dates_that_only_the_file_knows() -> None:
    shown = assembled(dataset(file()), OK).shown
    assert shown.dataset.modified == shown.dataset.distribution[0].modified == "2026-05-31T00:00:00Z"
    dated = assembled(replace(dataset(file()), modified="2026-01-01"), OK).shown
    assert dated.dataset.modified == "2026-01-01"
    assert assembled(dataset(file()), OK, withhold=withholding()).shown.dataset.modified == ""


@pytest.mark.parametrize("checked", [Checked(), OK, replace(OK, outcome="unreachable", valid=None)])
def test_linked_files_keep_their_own(checked: Checked) -> None:
    upstream = file(uri="https://amt.example/d/1", modified="2020")
    shown = assembled(dataset(upstream), checked, ours=False).shown
    (published,) = shown.dataset.distribution
    assert shown.files[0].state is FileState.LINKED
    assert (published.uri, published.access_url, published.download_url) == ("https://amt.example/d/1", (URL,), (URL,))
    assert (published.byte_size, published.modified) == (1, "2020")
    assert published.checksum is not None and published.checksum.value == "cd" * 32
    assert shown.files[0].copy == (OK.sha256 if checked.outcome == "ok" else "")


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("valid, conforms", [(True, True), (False, False), (None, False)])
def test_only_a_valid_table_conforms_to_its_schema(ours: bool, valid: bool | None, conforms: bool) -> None:
    own = "https://schema.example/1"
    shown = assembled(dataset(file(conforms_to=(own,))), replace(OK, valid=valid), ours=ours).shown
    expected = (own, f"{SITE}/schema/baumkataster") if conforms else (own,)
    assert shown.dataset.distribution[0].conforms_to == expected
    assert (shown.files[0].schema_id, shown.files[0].valid) == ("baumkataster", valid)


def test_a_table_conforms_once_and_only_to_a_schema_it_has() -> None:
    there = file(conforms_to=(f"{SITE}/schema/baumkataster",))
    assert assembled(dataset(there), OK).shown.dataset.distribution[0].conforms_to == there.conforms_to
    without = builders.source(release="at_once")
    assert assembled(dataset(), OK, source=without).shown.dataset.distribution[0].conforms_to == ()


@pytest.mark.parametrize("outcome", ["private", "unreadable", "unreachable"])
def test_a_held_file_says_why_and_shows_no_cell(outcome: str) -> None:
    shown = assembled(dataset(), replace(OK, outcome=outcome, found=FOUND)).shown
    (held,) = shown.files
    expected = publication.NOT_FETCHED if outcome == "unreachable" else Reason(code=outcome, text=FOUND)
    assert (held.state, held.reason) == (FileState.HELD, expected)
    assert (held.report, held.header, held.rows, held.copy) == (HIDDEN, (), (), "")
    assert held.sentence == expected.text
    assert shown.dataset.distribution == ()
    assert_no_trace(public.write(shown))


def test_a_file_we_cannot_fetch_does_not_tell_its_address() -> None:
    text = Message("https://intern.example/x.csv antwortet nicht.", "https://intern.example/x.csv does not answer.")
    shown = assembled(dataset(), replace(OK, outcome="unreachable", found=text, sentence=text)).shown
    (held,) = shown.files
    assert (held.state, held.reason, held.sentence) == (
        FileState.HELD,
        publication.NOT_FETCHED,
        publication.NOT_FETCHED.text,
    )
    assert b"intern.example" not in public.write(shown)


@pytest.mark.parametrize(
    "release, checked, code", [("at_once", Checked(), "pending"), ("", OK, "not-released"), ("", Checked(), "pending")]
)
def test_a_file_that_waits_shows_nothing_yet(release: str, checked: Checked, code: str) -> None:
    shown = assembled(dataset(), checked, source=replace(SOURCE, release=release)).shown
    (waiting,) = shown.files
    assert waiting.state is FileState.PENDING and waiting.reason is not None and waiting.reason.code == code
    assert (waiting.report, waiting.sentence, waiting.rows) == (None, None, ())
    assert shown.dataset.distribution == () and shown.dataset.access_rights == NON_PUBLIC
    assert [text.value for text in shown.dataset.description] == [
        f"Die Daten sind nicht veröffentlicht: {waiting.reason.text.de}"
    ]
    assert_no_trace(public.write(shown))


def test_a_dataset_that_never_had_files_is_not_kept_back() -> None:
    shown = assembled(Dataset(title=(Text("Bäume", "de"),)), ours=False).shown
    assert shown.dataset.access_rights == "" and shown.dataset.description == ()


def test_links_to_datasets_of_the_catalogue_lead_to_their_pages() -> None:
    ours, theirs = "https://amt.example/wege", "https://amt.example/fremd"
    page = f"{SITE}/dataset/wege"
    linking = dict.fromkeys(("relation", "references", "is_referenced_by"), (ours, theirs))
    related = Relationship(relation=(ours,), role=("https://rollen.example/1",))
    upstream = replace(dataset(), qualified_relation=(related,), **linking)
    assert links(upstream) >= {ours, theirs}
    found = assembled(upstream, OK, around=Surroundings(pages={ours: page})).shown.dataset
    for field in linking:
        assert {page, theirs} <= set(getattr(found, field)) and ours not in getattr(found, field)
    assert [one.relation for one in found.qualified_relation] == [(page,)]
    alone = assembled(upstream, OK).shown.dataset
    assert alone.relation == tuple(sorted((ours, theirs))), "what nobody here describes is named as it is"


def test_versions_and_sources_are_related_resources() -> None:
    upstream = replace(
        dataset(),
        relation=("https://a.example/r",),
        has_version=("https://a.example/v",),
        source=("https://a.example/s",),
    )
    found = assembled(upstream, OK)
    shown = found.shown.dataset
    assert (shown.has_version, shown.source) == ((), ())
    assert shown.relation == ("https://a.example/r", "https://a.example/s", "https://a.example/v")
    assert links(upstream) >= set(shown.relation)
    assert found.layers.dataset.has_version == ("https://a.example/v",), "the stored description keeps the role"


def test_a_service_does_not_list_its_datasets() -> None:
    served = builders.service(serves_dataset=("https://amt.example/baeume", "https://amt.example/wege"))
    upstream = replace(dataset(file(access_service=(served,))), sample=(file(URL + "?1", access_service=(served,)),))
    shown = assembled(upstream, OK, ours=False).shown.dataset
    services = [one for d in (*shown.distribution, *shown.sample) for one in d.access_service]
    assert [one.serves_dataset for one in services] == [(), ()]
    assert services[0].title == served.title


def test_no_link_leads_from_one_description_into_another() -> None:
    """What a harvester reaches from a dataset holds no other dataset (docs/decisions/0011)."""
    neighbour = "https://amt.example/wege"
    fields = ("relation", "references", "is_referenced_by", "has_version", "source")
    served = builders.full_service(serves_dataset=(neighbour,))
    upstream = replace(
        builders.full_dataset(distribution=(builders.full_distribution(access_service=(served,)),)),
        qualified_relation=(Relationship(relation=(neighbour,), role=("https://rollen.example/1",)),),
        **dict.fromkeys(fields, (neighbour,)),
    )
    around = Surroundings(pages={neighbour: f"{SITE}/dataset/wege"})
    shown = assembled(upstream, OK, ours=False, around=around).shown.dataset
    for release in RELEASES:
        assert neighbour not in {getattr(t.object, "value", "") for t in rdf_writer.write(shown, release=release).all()}


def test_uris_another_dataset_describes_become_ours() -> None:
    upstream = replace(dataset(file(uri="https://amt.example/d/1")), uri="https://amt.example/baeume")
    assert subjects(upstream) == ("https://amt.example/baeume", "https://amt.example/d/1")
    first = assembled(upstream, OK, ours=False).shown.dataset
    assert subjects(first) == subjects(upstream)
    around = Surroundings(pages=dict.fromkeys(subjects(upstream), f"{SITE}/dataset/other#page"))
    second = assembled(upstream, OK, ours=False, around=around).shown
    assert second.dataset.uri == f"{SITE}/dataset/{ID}"
    assert [d.uri for d in second.dataset.distribution] == [f"{SITE}/distribution/{second.files[0].id}"]


def test_what_is_left_out_is_reported_and_the_layers_are_kept() -> None:
    upstream = replace(dataset(), theme=("x",), contact_point=(Contact(name="Amt"),))
    found = assembled(upstream, OK)
    assert [problem.code for problem in found.problems] == ["incomplete", "unknown-theme"]
    assert found.shown.dataset.theme == found.shown.dataset.contact_point == ()
    assert found.layers.dataset.theme == ("x",)
    assert {o.field for o in found.layers.origins} >= {"title", "publisher", "distribution"}


def test_every_node_has_a_name() -> None:
    shown = assembled(dataset(), OK).shown
    assert shown.dataset.uri == f"{SITE}/dataset/{ID}"
    assert shown.dataset.publisher is not None and shown.dataset.publisher.uri.startswith(f"{SITE}/id/agent/")
    (published,) = shown.dataset.distribution
    assert published.checksum is not None and published.checksum.uri.startswith(f"{SITE}/id/checksum/")
    own = replace(dataset(), uri="https://amt.example/baeume")
    assert assembled(own, OK).shown.dataset.uri == "https://amt.example/baeume"


def test_what_is_shown_survives_storage() -> None:
    shown = assembled(builders.full_dataset(), OK, ours=False).shown
    assert public.read(public.write(shown)) == shown
    held_back = assembled(builders.full_dataset(), OK, withhold=withholding()).shown
    assert public.read(public.write(held_back)) == held_back


@pytest.mark.parametrize(
    "name, address",
    [
        ("baeume.csv", "baeume.csv"),
        ("Größe 1.csv", "Gr__e_1.csv"),
        ("../../etc/passwd", "passwd"),
        ("a\0b\r\nc.csv", "abc.csv"),
        ("", "datei"),
        ("a?b.csv", "a"),
        ("%2e%2e%2fx.csv", "x.csv"),
        ('a"b<c>.csv', "a_b_c_.csv"),
    ],
)
def test_file_names_in_addresses_are_plain(name: str, address: str) -> None:
    assert quoted(name) == address


def test_schemas_go_by_the_first_pattern_whatever_the_case() -> None:
    found = addresses(ID, dataset(file(), file("https://amt.example/x/WEGE.csv"), file("https://amt.example/")), SOURCE)
    assert [(a.name, a.schema_id, a.position) for a in found] == [
        ("baeume.csv", "baumkataster", 0),
        ("WEGE.csv", "rest", 1),
        ("", "rest", 2),
    ]
    assert len({a.id for a in found}) == 3


def test_ids_of_files_do_not_depend_on_where_the_office_keeps_its_folder() -> None:
    moved = replace(SOURCE, url="https://neu.example/daten/")
    (before,) = addresses(ID, dataset(), SOURCE)
    (after,) = addresses(ID, dataset(file("https://neu.example/daten/baeume.csv")), moved)
    assert before.id == after.id
