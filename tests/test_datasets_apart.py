"""Datasets stay apart (docs/decisions/0011): whatever one of them names, a harvester's copy of it holds that one only."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import builders
import histories
import linked_pages
import marked
import pytest
import sqlalchemy as sa
from source_site import Site

from catalog import publishing, store
from catalog.app import create_app
from catalog.instance import Instance
from catalog.models import DatasetRow, NodeUse
from catalog.publishing import Item
from dcat.model import DataService, Dataset

OTHER, FILE = marked.uri(2), f"{marked.uri(2)}/a"


def with_distribution(dataset: Dataset, **fields: object) -> Dataset:
    """The dataset with a changed first distribution."""
    return replace(dataset, distribution=(replace(dataset.distribution[0], **fields), *dataset.distribution[1:]))


def with_service(dataset: Dataset, **fields: object) -> Dataset:
    """The dataset with a changed service behind its first distribution."""
    service: DataService = dataset.distribution[0].access_service[0]
    return with_distribution(dataset, access_service=(replace(service, **fields),))


def with_office(dataset: Dataset, uri: str, **fields: object) -> Dataset:
    """The dataset with another publisher."""
    return replace(dataset, publisher=builders.agent("Amt", uri=uri, **fields))


CASES: dict[str, Callable[[Dataset], Dataset]] = {
    "landing page": lambda d: replace(d, landing_page=(OTHER,)),
    "documentation": lambda d: replace(d, page=(OTHER,)),
    "standard": lambda d: replace(d, conforms_to=(OTHER,)),
    "relation": lambda d: replace(d, relation=(OTHER,)),
    "relation to a distribution": lambda d: replace(d, relation=(FILE,)),
    "qualified relation": lambda d: replace(
        d, qualified_relation=(replace(d.qualified_relation[0], relation=(OTHER,)),)
    ),
    "address": lambda d: with_distribution(d, access_url=(OTHER,)),
    "address of a distribution": lambda d: with_distribution(d, access_url=(FILE,), download_url=(FILE,)),
    "rights": lambda d: with_distribution(d, rights=OTHER),
    "licence": lambda d: with_distribution(d, license=OTHER),
    "the same distribution": lambda d: with_distribution(d, uri=FILE),
    "homepage of an office": lambda d: with_office(d, f"{marked.HOST}/x", homepage=OTHER),
    "an office": lambda d: with_office(d, OTHER),
    "form of a contact": lambda d: replace(
        d, contact_point=(replace(d.contact_point[0], uri=f"{marked.HOST}/y", url=OTHER),)
    ),
    "a role": lambda d: replace(
        d,
        qualified_attribution=(
            replace(d.qualified_attribution[0], agent=(builders.agent("Amt", uri=OTHER),), role=(OTHER,)),
        ),
    ),
    "a series": lambda d: replace(d, in_series=(replace(d.in_series[0], uri=OTHER),)),
    "a service": lambda d: with_service(d, uri=OTHER),
    "pages of a service": lambda d: with_service(
        d, uri=f"{marked.HOST}/z", landing_page=(OTHER,), endpoint_url=(OTHER,), serves_dataset=(OTHER,)
    ),
}


@dataclass
class Placed:
    """Datasets of a history, as they were published last."""

    instance: Instance
    history: histories.History
    datasets: dict[int, Dataset] = field(default_factory=dict)

    def put(self, number: int, dataset: Dataset) -> None:
        """Publish a dataset."""
        self.datasets[number] = dataset
        item = Item(self.history.id(number), f"satz-{number}", dataset)
        histories.put(self.instance, self.history.sources[0], [item])

    def settle(self) -> int:
        """Publish anew those that met a neighbour, or lost one; gives how many."""
        with self.instance.database.reading() as session:
            due = {dataset_id for ids in store.unsettled(session).values() for dataset_id in ids}
        numbers = [number for number in self.datasets if self.history.id(number) in due]
        for number in numbers:
            self.put(number, self.datasets[number])
        return len(numbers)


@pytest.fixture
def placed(instance: Instance, site: Site) -> Placed:
    """An empty history."""
    return Placed(instance, histories.begin(instance, site))


@pytest.mark.parametrize("other_first", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("case", CASES)
def test_a_copy_holds_one_dataset(placed: Placed, case: str, other_first: bool) -> None:
    for number in (2, 4) if other_first else (4, 2):
        dataset = marked.marked(number)
        placed.put(number, CASES[case](dataset) if number == 4 else dataset)
    placed.settle()
    body = create_app(placed.instance).test_client().get("/catalog.nt").data
    closure = linked_pages.closures(body, "nt")[marked.uri(4)]
    assert {number for number, _ in marked.marks("\n".join(" ".join(triple) for triple in closure))} == {4}


def test_what_is_fetched_stays_the_same_address(placed: Placed) -> None:
    placed.put(2, marked.marked(2))
    placed.put(4, with_distribution(marked.marked(4), access_url=(FILE, f"{FILE}#x")))
    with placed.instance.database.reading() as session:
        shown = store.find_public(session, placed.history.id(4))
    assert shown is not None
    assert set(shown.dataset.distribution[0].access_url) == {f"{FILE}#", f"{FILE}#x"}


def test_a_claim_between_draft_and_publication_is_not_lost(placed: Placed) -> None:
    instance, source = placed.instance, placed.history.sources[0]
    placed.datasets[4] = replace(marked.marked(4), relation=(OTHER,))
    item = Item(placed.history.id(4), "satz-4", placed.datasets[4])
    drafts = list(publishing.drafts(instance.database, instance.config, source, instance.policies(), [item]))
    placed.put(2, marked.marked(2))
    with instance.database.writing() as session:
        assert store.overtaken(session, drafts) == set()
        store.publish(session, drafts, "test")
    assert placed.settle() == 2, "the one that met its neighbour late, and the neighbour, which mentions it"
    with instance.database.reading() as session:
        shown = store.find_public(session, item.dataset_id)
    assert shown is not None and OTHER not in shown.dataset.relation


def test_settling_ends(placed: Placed) -> None:
    placed.put(2, replace(marked.marked(2), relation=(marked.uri(4),)))
    placed.put(4, replace(marked.marked(4), relation=(OTHER, FILE)))
    assert [placed.settle(), placed.settle()] == [1, 0]


def test_who_is_described_differently_looks_the_same_on_every_page(placed: Placed) -> None:
    office = f"{marked.HOST}/amt"
    brief, full = builders.agent("Amt", uri=office), builders.agent("Amt", uri=office, homepage=f"{marked.HOST}/start")
    placed.put(2, replace(marked.marked(2), publisher=brief))
    placed.put(4, replace(marked.marked(4), publisher=full))
    client = create_app(placed.instance).test_client()

    def said(address: str) -> set[tuple[str, str, str]]:
        body = client.get(address).data
        return {triple for triple in linked_pages.strings(body, "nt") if triple[0] == f"<{office}>"}

    pages = [f"/catalog.nt?limit=1&page={number}" for number in (1, 2)]
    pages += [f"/dataset/{placed.history.id(number)}.nt" for number in (2, 4)]
    assert all(said(page) == said("/catalog.nt") for page in [*pages, "/dump.nt"])
    assert any("homepage" in triple[1] for triple in said("/catalog.nt"))
    placed.put(4, replace(marked.marked(4), publisher=brief))
    assert not any("homepage" in triple[1] for triple in said("/catalog.nt")), "nobody says so any more"
    with placed.instance.database.writing() as session:
        store.withdraw(session, [placed.history.id(4)], "test")
    with placed.instance.database.reading() as session:
        used = {key: uses for key, uses in session.execute(sa.select(NodeUse.key, NodeUse.uses)) if uses}
        row = session.get(DatasetRow, placed.history.id(2))
    assert row is not None and used == dict.fromkeys(row.nodes, 1)
