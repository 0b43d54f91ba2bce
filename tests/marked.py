"""Datasets in which every property is set, and every text of their own says whose it is: number and version."""

import hashlib
import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

import builders
import histories
from histories import History
from source_site import Site

from catalog import store
from catalog.instance import Instance
from catalog.publishing import Item
from dcat.model import Checksum, Dataset, Text

HOST = "https://daten.amt.example"
THEMES = tuple(f"{builders.AUTHORITY}/data-theme/{code}" for code in ("ENVI", "HEAL", "REGI", "TRAN"))
_MARK = re.compile(r"\bN(\d+)V(\d+)\b")


def uri(number: int) -> str:
    return f"{HOST}/dataset/{number}"


def number(of: str) -> int:
    """Tell a dataset's number from its URI."""
    return int(of.rpartition("/")[2])


def marks(text: str) -> set[tuple[int, int]]:
    """Find whose texts stand here: numbers and versions."""
    return {(int(number), int(version)) for number, version in _MARK.findall(text)}


def marked(number: int, version: int = 1, *, neighbours: tuple[int, ...] = (), **fields: Any) -> Dataset:
    """Make a dataset that shares its office, contact, place, series and service with others, and links to its neighbours."""
    mark, own = f"N{number}V{version}", uri(number)
    links = tuple(uri(one) for one in neighbours)
    office = builders.full_agent(uri=f"{HOST}/stelle/{number % 3}", name=(Text(f"Stelle {number % 3}", "de"),))
    contact = builders.full_contact(uri=f"{HOST}/kontakt/{number % 2}", name=f"Kontakt {number % 2}")
    # Who names the same place must say the same of it, and the demonstration says less of Darmstadt.
    place = builders.full_place(uri=f"{HOST}/ort", label=(Text("Ort", "de"),))
    service = builders.full_service(
        uri=f"{HOST}/dienst/{number % 2}",
        title=(Text(f"Dienst {number % 2}", "de"),),
        publisher=builders.full_agent(uri=f"{HOST}/stelle/0", name=(Text("Stelle 0", "de"),)),
        contact_point=(builders.full_contact(uri=f"{HOST}/kontakt/0", name="Kontakt 0"),),
        serves_dataset=tuple(sorted(uri(one) for one in range(1, 25))),
    )
    series = builders.full_series(
        uri=f"{HOST}/reihe/{number % 2}",
        title=(Text(f"Reihe {number % 2}", "de"),),
        publisher=service.publisher,
        contact_point=service.contact_point,
        spatial=(place,),
    )

    def part(name: str) -> Any:
        digest = hashlib.sha256(f"{mark} {name}".encode()).hexdigest()
        return builders.full_distribution(
            uri=f"{own}/{name}",
            title=(Text(f"Datei {name} {mark}", "de"), Text(f"File {name} {mark}", "en")),
            description=(Text(f"Eine Zeile je Baum. {mark}", "de"),),
            access_url=(f"{own}/{name}.html",),
            download_url=(f"{own}/{name}.csv",),
            license_attribution=(Text(f"Stelle {mark}", "de"),),
            checksum=Checksum(uri=f"{own}/{name}/pruefsumme", algorithm=builders.SHA256, value=digest),
            access_service=(service,),
        )

    given: dict[str, Any] = {
        "uri": own,
        "identifier": (f"satz-{number}",),
        "title": (Text(f"Satz {mark}", "de"), Text(f"Record {mark}", "en")),
        "description": (Text(f"Alle Bäume & <Sträucher> {mark}\n\nStand: heute", "de"),),
        "keyword": (Text(f"Baum {mark}", "de"), Text(f"tree {mark}", "en")),
        "version_notes": (Text(f"Neue Standorte. {mark}", "de"),),
        "publisher": office,
        "creator": (office,),
        "contact_point": (contact,),
        "spatial": (place,),
        "in_series": (series,),
        "relation": links,
        "has_version": links[:1],
        "source": links[-1:],
        "references": links,
        "is_referenced_by": links,
        "distribution": (part("a"), part("b")),
        "sample": (part("c"),),
    }
    return builders.full_dataset(**given | fields)


@dataclass
class Marked(History):
    """A history of marked datasets that link to each other, move between themes, and lose and gain their HVD category."""

    datasets: dict[int, Dataset] = field(default_factory=dict)

    def step(self, most: int, highest: int) -> None:
        """Do something to some datasets, and settle the links between them as a harvest does in the end."""
        super().step(most, highest)
        self.settle()

    def settle(self) -> None:
        """Publish the datasets anew that link to one that came or went."""
        with self.instance.database.reading() as session:
            due = store.unsettled(session)
        for source in self.sources:
            ids = set(due.get(source.id, ()))
            numbers = [number for number in sorted(self.present) if self.id(number) in ids]
            items = [Item(self.id(number), f"satz-{number}", self.datasets[number]) for number in numbers]
            histories.put(self.instance, source, items)

    def _dataset(self, number: int, **fields: Any) -> Dataset:
        neighbours = tuple(sorted(self.random.sample(range(1, 25), 2)))
        given: dict[str, Any] = {"theme": tuple(sorted(self.random.sample(THEMES, 2)))}
        if self.random.random() < 0.5:
            given |= {"hvd_category": (), "applicable_legislation": ()}
        made = marked(number, self.versions[number], neighbours=neighbours, **given | fields)
        self.datasets[number] = made
        return made


def begin(instance: Instance, site: Site, seed: int = 1, count: int = 24) -> Marked:
    """Make a catalogue of two departments with so many datasets."""
    empty = histories.begin(instance, site, seed)
    history = Marked(empty.instance, empty.sources, Random(seed))
    history.publish(*range(1, count + 1))
    history.settle()
    return history
