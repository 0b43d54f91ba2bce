"""ckanext-dcat's actions: the same bytes that the catalogue's own addresses give, of public datasets only."""

from typing import Any

import desks
import histories
import orjson
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from histories import History

from catalog import search
from catalog.access import ANONYMOUS, Actor
from catalog.api.actions import descriptions
from catalog.api.actions.call import ActionError, Call
from catalog.api.actions.descriptions import ACTIONS, FORMATS
from catalog.app import create_app
from catalog.instance import Instance
from catalog.models import Rendition
from dcat.model import Text


def ask(instance: Instance, action: str, actor: Actor = ANONYMOUS, **arguments: Any) -> Any:
    call = Call(instance, arguments, actor)
    try:
        return orjson.loads(orjson.dumps(_json(ACTIONS[action].run(call))))
    finally:
        call.renew()


def _json(result: Any) -> Any:
    return orjson.loads(bytes(result)) if isinstance(result, bytes) else result


def refusal(instance: Instance, action: str, **arguments: Any) -> tuple[int, str, dict[str, Any]]:
    with pytest.raises(ActionError) as caught:
        ask(instance, action, **arguments)
    return caught.value.status, caught.value.kind, dict(caught.value.details)


@pytest.fixture
def client(history: History) -> FlaskClient:
    return create_app(history.instance).test_client()


def titled(value: str) -> tuple[Text, ...]:
    return (Text(value, "de"),)


@pytest.mark.parametrize(("name", "ending"), FORMATS.items())
def test_a_dataset_in_every_format(history: History, client: FlaskClient, name: str, ending: str) -> None:
    history.publish(1)
    dataset_id = history.id(1)
    shown = ask(history.instance, "dcat_dataset_show", id=dataset_id, format=name)
    assert shown == client.get(f"/dataset/{dataset_id}.{ending}").text
    assert histories.triples(shown.encode(), ending)


def test_rdf_xml_without_a_format_and_by_name(history: History, client: FlaskClient) -> None:
    history.publish(1)
    name = ask(history.instance, "dcat_catalog_search")["results"][0]["name"]
    assert ask(history.instance, "dcat_dataset_show", id=name) == client.get(f"/dataset/{history.id(1)}.rdf").text


def test_what_cannot_be_shown(history: History) -> None:
    history.publish(1)
    assert refusal(history.instance, "dcat_dataset_show")[:2] == (409, "Validation Error")
    assert set(refusal(history.instance, "dcat_dataset_show", id=history.id(1), format="pdf")[2]) == {"format"}
    for wanted in ("nirgends", "0" * 36, "../x"):
        assert refusal(history.instance, "dcat_dataset_show", id=wanted)[0] == 404
    history.withdraw(1)
    assert refusal(history.instance, "dcat_dataset_show", id=history.id(1))[0] == 404


@pytest.mark.parametrize("fields", [{"private": True}, {"state": "draft"}, {"state": "deleted"}])
def test_what_is_not_public_is_in_no_description(instance: Instance, fields: dict[str, Any]) -> None:
    office = desks.office(instance)
    desks.write(instance, office, name="offen", title="Offene Bäume")
    row = desks.write(instance, office, name="geheim", title="Geheime Bäume")
    desks.change(instance, row, **fields)
    for actor in (ANONYMOUS, desks.editor(office), desks.ADMIN):
        for action in ("dcat_catalog_show", "dcat_catalog_search", "dcat_datasets_list"):
            for given in ({}, {"q": "Bäume"}, {"fq": "private:true OR state:draft OR name:geheim OR name:offen"}):
                told = repr(ask(instance, action, actor, **given))
                assert "Geheim" not in told and row.id not in told, (action, given)
                assert "Offen" in told
        for wanted in (row.id, "geheim"):
            with pytest.raises(ActionError):
                ask(instance, "dcat_dataset_show", actor, id=wanted)


def test_a_page_of_the_catalogue_is_that_of_its_address(history: History, client: FlaskClient) -> None:
    history.publish(1, 2)
    for name, ending in (("ttl", "ttl"), ("jsonld", "jsonld"), ("xml", "rdf")):
        shown = ask(history.instance, "dcat_catalog_show", format=name)
        assert shown == client.get(f"/catalog.{ending}").text
    assert refusal(history.instance, "dcat_catalog_show", page=2)[0] == 404


def test_pages(history: History, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    history.publish(*range(1, 8))
    monkeypatch.setattr(descriptions, "PAGE", 3)
    listed = [ask(history.instance, "dcat_catalog_search", page=page) for page in (1, 2, 3, 4)]
    assert [len(page["results"]) for page in listed] == [3, 3, 1, 0]
    assert len({one["id"] for page in listed for one in page["results"]}) == 7
    plain = [ask(history.instance, "dcat_datasets_list", page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in plain] == [3, 3, 1, 0]
    shown = [ask(history.instance, "dcat_catalog_show", page=page, format="nt") for page in (1, 2, 3)]
    found = [{number for number in range(1, 8) if f"/record/{history.id(number)}>" in page} for page in shown]
    assert [len(page) for page in found] == [3, 3, 1] and len(set().union(*found)) == 7
    assert refusal(history.instance, "dcat_catalog_show", page=4)[0] == 404
    for wrong in ({"page": 0}, {"page": -1}, {"page": "x"}):
        for action in ("dcat_catalog_show", "dcat_catalog_search", "dcat_datasets_list"):
            assert set(refusal(history.instance, action, **wrong)[2]) == {"page"}


def test_what_a_search_chooses(history: History, client: FlaskClient) -> None:
    history.publish(1, title=titled("Brunnen"))
    history.publish(2, title=titled("Parkplätze"))
    for given, wanted in (
        ({"q": "Brunnen"}, {1}),
        ({"fq": "organization:frankfurt-stadtwerk-soehne"}, {1}),
        ({"q": "Brunnen", "fq": "-organization:frankfurt-stadtwerk-soehne"}, set()),
        ({"fq": ["name:*", "-title:Brunnen"]}, {2}),
        ({"q": "*:*"}, {1, 2}),
    ):
        ids = {history.id(number) for number in wanted}
        assert {one["id"] for one in ask(history.instance, "dcat_catalog_search", **given)["results"]} == ids
        shown = ask(history.instance, "dcat_catalog_show", format="nt", **given)
        assert {one for one in (history.id(1), history.id(2)) if f"/record/{one}>" in shown} == ids
        assert len(ask(history.instance, "dcat_datasets_list", **given)) == len(wanted)


def test_the_steps_of_a_page_lead_to_addresses_that_answer(history: History, client: FlaskClient) -> None:
    history.publish(1, 2, title=titled("Brunnen & Bäder"))
    shown = ask(history.instance, "dcat_catalog_show", format="jsonld", q="Brunnen", fq=["name:*", "-tags:keins"])
    first = next(one["@id"] for one in orjson.loads(shown) if "?page=" in one["@id"])
    assert first.startswith("https://daten.example.org/catalog.jsonld?page=1&snapshot=2&q=Brunnen&fq=")
    assert client.get(first.removeprefix("https://daten.example.org")).text == shown


def test_modified_since(history: History) -> None:
    history.publish(1)
    between = histories.at(history.instance, 1)
    history.publish(2)
    after = histories.at(history.instance, 2)
    actions = ("dcat_catalog_show", "dcat_datasets_list")
    for since, count in (("2000-01-01", 2), ("2000-01-01T00:00:00", 2), (between, 2), (after, 1), ("2999-01-01", 0)):
        shown = ask(history.instance, "dcat_catalog_show", modified_since=since, format="nt")
        assert sum(f"<https://daten.example.org/record/{history.id(number)}>" in shown for number in (1, 2)) == count
        assert len(ask(history.instance, "dcat_datasets_list", modified_since=since)) == count, since
        found = ask(history.instance, "dcat_catalog_search", modified_since=since)["count"]
        assert found >= count
    for wrong in ("gestern", "2026-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1"):
        for action in (*actions, "dcat_catalog_search"):
            assert set(refusal(history.instance, action, modified_since=wrong)[2]) == {"modified_since"}, wrong


def test_queries_that_cannot_be(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.publish(1, 2)
    for action in ("dcat_catalog_show", "dcat_catalog_search", "dcat_datasets_list"):
        assert refusal(history.instance, action, fq="(name:x")[:2] == (409, "Search Error")
    monkeypatch.setattr(search, "MAX_WINDOW", 1)
    for action in ("dcat_catalog_show", "dcat_datasets_list"):
        assert set(refusal(history.instance, action, fq="name:*")[2]) == {"q"}


def test_plain_objects(history: History) -> None:
    history.publish(1, title=titled("Brunnen"))
    (one,) = ask(history.instance, "dcat_datasets_list")
    assert (one["identifier"], one["title"]) == ("https://daten.amt.example/dataset/1", "Brunnen")
    assert one["publisher"]["name"].startswith("Amt") and one["keyword"] and one["theme"]
    assert one["distribution"][0]["accessURL"] == "https://opendata.darmstadt.example/baeume.csv"


def test_half_a_description_is_none(history: History) -> None:
    history.publish(1, 2)
    with history.instance.database.writing() as session:
        session.execute(sa.delete(Rendition).where(Rendition.dataset_id == history.id(1), Rendition.format == "ttl"))
    assert refusal(history.instance, "dcat_catalog_show", format="ttl")[:2] == (500, "Internal Server Error")
    assert refusal(history.instance, "dcat_dataset_show", id=history.id(1), format="ttl")[0] == 500
    assert ask(history.instance, "dcat_dataset_show", id=history.id(2), format="ttl")
