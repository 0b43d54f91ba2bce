"""OParl: the lists of each body become datasets; what is in the lists is not read."""

from typing import Any

import builders
import orjson
import pytest
from conformance import Told
from homes import counted, published, shown_all
from protocol_runs import damaged, defined, odd, survives, tell
from samples_oparl import SAMPLE, SCHEMA, body, listed, system
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Dataset, Reading
from harvesters.base import Batch, Page
from harvesters.oparl import OPARL

ROOT = "https://ris.example/oparl/v1.1"
SOURCE = builders.source(f"{ROOT}/system", id="rat", type="oparl")


def page(content: Any, path: str = "/bodies") -> Page:
    return Page(url=ROOT + path, body=orjson.dumps(content), media_type="application/json")


def split(content: Any, path: str = "/bodies") -> Batch:
    return OPARL.split(page(content, path), SOURCE)


def reading(**fields: Any) -> Reading:
    (item,) = split(listed(body(lists=["paper"], **fields))).items
    return OPARL.map(item, SOURCE)


def dataset(**fields: Any) -> Dataset:
    return reading(**fields).dataset


def test_the_system_leads_to_its_bodies() -> None:
    batch = split(system(), "/system")
    assert batch.following == (f"{ROOT}/bodies",) and list(batch.items) == []


def test_one_dataset_for_each_list_a_body_has() -> None:
    records = builders.read_page(
        OPARL, page(listed(body(), body("2", "Kreis", ["legislativeTermList"]))), SOURCE
    ).records
    assert [each.reading.dataset.title[0].value for each in records if each.reading] == [
        "Gremien und Fraktionen: Stadt Beispielhausen",
        "Mandatsträgerinnen und Mandatsträger: Stadt Beispielhausen",
        "Sitzungen: Stadt Beispielhausen",
        "Vorlagen und Drucksachen: Stadt Beispielhausen",
        "Legislaturperioden: Kreis",
    ]
    assert records[3].remote_id == f"{ROOT}/body/1#paper"


def test_a_list_in_full() -> None:
    found = dataset()
    assert found.publisher is not None and found.publisher.name[0].value == "Stadt Beispielhausen"
    assert (found.contact_point[0].name, found.contact_point[0].email) == ("Sitzungsdienst", "ris@stadt.example")
    assert found.landing_page == ("https://www.beispielhausen.example/",)
    assert found.issued == "2019-03-01T00:00:00+01:00" and found.modified == ""
    assert found.spatial[0].uri.endswith("/municipalityKey/06411000")
    (papers,) = found.distribution
    assert papers.access_url == (f"{ROOT}/body/1/paper",) and papers.license.endswith("/cc-by/4.0")
    assert papers.access_service[0].endpoint_url == (SOURCE.url,)
    assert papers.access_service[0].conforms_to == (f"{SCHEMA}/",)


def test_nothing_is_said_that_the_body_does_not_say() -> None:
    found = dataset(license=None, website=7, contactEmail="", ags="", rgs="", oparlSince="bald")
    assert found.distribution[0].license == "" and found.landing_page == () and found.contact_point == ()
    assert found.spatial == () and found.issued == ""


def test_an_unknown_licence_becomes_a_remark() -> None:
    assert [problem.code for problem in reading(license="https://stadt.example/nutzung").problems] == [
        "unknown-license"
    ]


def test_the_area_of_a_body_without_keys() -> None:
    shape = {"type": "Polygon", "coordinates": [[[8.5, 49.8], [8.7, 49.8], [8.7, 49.9], [8.5, 49.8]]]}
    found = dataset(ags=None, rgs=None, location={"geojson": {"type": "Feature", "geometry": shape}})
    assert found.spatial[0].bbox.startswith("POLYGON ((8.5 49.8, 8.7 49.8")


@pytest.mark.parametrize(
    "following, expected",
    [("https://ris.example/b?page=2", "https://ris.example/b?page=2"), ("?page=2", f"{ROOT}/bodies?page=2"),
     ("", ""), ("javascript:x", ""), ({"a": 1}, "")],
)  # fmt: skip
def test_the_next_page(following: Any, expected: str) -> None:
    batch = split(listed(body(), following=following))
    assert batch.following == ((expected,) if expected else ())
    assert batch.total is None, "the total counts bodies, not lists"


def test_a_body_by_itself_is_read_too() -> None:
    assert len(list(split(body(), "/body/1").items)) == 4


def test_a_deleted_body_is_gone() -> None:
    gone = {"id": f"{ROOT}/body/2", "type": f"{SCHEMA}/Body", "deleted": True}
    assert len(list(split(listed(body(), gone)).items)) == 4


@pytest.mark.parametrize("fields", [{"id": ""}, {"name": None}, {"lists": []}])
def test_a_body_without_what_it_needs(fields: dict[str, Any]) -> None:
    lists = fields.pop("lists", ["paper"])
    (found,) = builders.read_page(OPARL, page(listed(body(lists=lists, **fields))), SOURCE).records
    assert found.remote_id.startswith("?") and found.failure is not None


@pytest.mark.parametrize("content", [[], {}, {"data": 7}, None, {"type": f"{SCHEMA}/Person"}, system(body=None), system(body="mailto:x@y")])  # fmt: skip
def test_what_is_no_oparl(content: Any) -> None:
    with pytest.raises(UnreadableError):
        split(content)


def test_the_stamp_changes_with_the_list_and_not_with_the_body_s_clock() -> None:
    def stamp(**fields: Any) -> bytes:
        return next(split(listed(body(**fields))).items).stamp

    assert stamp() == stamp(modified="2026-11-23T00:00:00+01:00")
    assert stamp() != stamp(name="Anders")


def test_damaged_answers() -> None:
    for content in (system(), listed(body(), body("2"), following="?page=2"), body()):
        whole = page(content)
        survives(OPARL, whole, SOURCE, damaged(whole.body))
    for content in (system(), listed(body(lists=["paper"]))):
        survives(OPARL, page(content), SOURCE, odd(orjson.dumps(content)))


def test_from_the_definition_to_the_public(instance: Instance, site: Site) -> None:
    told = [Told(str(n), f"Gemeinde {n}", spoilt=n == 2) for n in range(4)]
    tell(site, SAMPLE, *told)
    source = defined(instance, site, SAMPLE)
    assert counted(jobs.harvest(instance, source)) == {"seen": 4, "created": 3, "quarantined": 1}
    assert published(instance) == [f"Vorlagen und Drucksachen: Gemeinde {n}" for n in (0, 1, 3)]
    assert shown_all(instance)[0].remote_id == SAMPLE.named("0")
    assert counted(jobs.harvest(instance, source)) == {"seen": 4, "unchanged": 3, "quarantined": 1}
    assert not [path for path, _ in site.seen if "paper" in path], "what is in the lists is not read"
