"""offenbar validate: the metadata of a dataset, or of the whole catalogue, against DCAT-AP.de and SHACL shapes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from catalog import documents, store
from catalog.api import linked
from catalog.commands.catalogue import opened
from catalog.commands.findings import say_findings
from catalog.commands.terminal import Terminal
from catalog.instance import Instance
from catalog.public import PublicDataset
from dcat.errors import NotFoundError
from dcat.message import Message
from dcat.texts import best
from validators import metadata, shacl
from validators.shacl import Combination, Engine, ShaclResult, ShaclSeverity


def check_dataset(terminal: Terminal, name: str, shapes: Path | None, engine_name: str, *, as_json: bool) -> int:
    """Check one published dataset; 1 if it must not be published."""
    engine = Engine(engine_name)
    instance = opened()
    with instance.database.reading() as session:
        shown = store.find_public(session, name)
    if shown is None:
        raise NotFoundError(
            Message(
                f"„{name}“ ist weder Datei noch Adresse noch veröffentlichter Datensatz. Nächster Schritt: offenbar dataset list",
                f"“{name}” is no file, address or published dataset. Next step: offenbar dataset list",
            )
        )
    findings = metadata.check(shown.dataset)
    blocked = metadata.blocks(findings)
    opinions = _second_opinion(instance, shown, shapes, engine) if shapes else {}
    if as_json:
        opinion = (
            {"shapes": {name: [asdict(r) for r in results] for name, results in opinions.items()}} if shapes else {}
        )
        terminal.data({"valid": not blocked, "findings": [asdict(f) for f in findings], **opinion})
    else:
        verdict = (
            Message("entspricht DCAT-AP.de", "conforms to DCAT-AP.de")
            if not blocked
            else Message("verletzt DCAT-AP.de", "breaks DCAT-AP.de")
        )
        terminal.say(f"{best(shown.dataset.title, terminal.lang)}: {verdict.in_(terminal.lang)}")
        say_findings(terminal, findings)
        for file in shown.files:
            if file.sentence:
                terminal.say(f"  {file.name}: {file.sentence.in_(terminal.lang)}")
        for name, results in opinions.items():
            broken = [result for result in results if result.severity is ShaclSeverity.VIOLATION]
            terminal.say(
                Message(f"  SHACL {name}: {len(broken)} Verletzungen", f"  SHACL {name}: {len(broken)} violations")
            )
            for result in broken:
                terminal.say(f"    {result.path or result.focus}: {result.message}")
    return 1 if blocked else 0


def _second_opinion(
    instance: Instance, shown: PublicDataset, shapes: Path, engine: Engine
) -> dict[str, tuple[ShaclResult, ...]]:
    """Ask the official shapes, which decide nothing."""
    with instance.database.reading() as session:
        body = documents.dataset(session, instance.config, shown.id, "nt") or b""
    wanted = [c for c in Combination if c is not Combination.HVD or shown.dataset.hvd_category]
    return {str(combination): _official(body, combination, shapes, engine) for combination in wanted}


def _official(body: bytes, combination: Combination, shapes: Path, engine: Engine) -> tuple[ShaclResult, ...]:
    """Ask one combination; the vocabularies it needs lie beside the folder of the shapes."""
    vocabularies = shapes.parent / "vocabularies" / "shacl-vocabularies.ttl"
    return shacl.check(body, combination, shapes, vocabularies, engine)


def check_everything(terminal: Terminal, shapes: Path | None, engine_name: str, *, as_json: bool) -> int:
    """Check the catalogue page by page, so that memory stays small; equal results are counted. 1 if a shape is violated."""
    engine = Engine(engine_name)
    tallies: dict[str, Counter[tuple[str, str, str]]] = {}
    examples: dict[tuple[str, str, str], str] = {}
    total = 0
    for count, body in _pages(opened()):
        total += count
        opinions = {"offenbar": shacl.check_profile(body, engine=engine)}
        if shapes:
            opinions |= {str(one): _official(body, one, shapes, engine) for one in Combination}
        for name, results in opinions.items():
            keys = [(result.severity.value, result.path, result.message) for result in results]
            tallies.setdefault(name, Counter()).update(keys)
            for key, result in zip(keys, results, strict=True):
                examples.setdefault(key, result.focus)
    rows = {
        name: [
            {"severity": key[0], "path": key[1], "message": key[2], "count": count, "example": examples[key]}
            for key, count in tally.most_common()
        ]
        for name, tally in tallies.items()
    }
    if as_json:
        terminal.data({"datasets": total, "shapes": rows})
    else:
        terminal.say(Message(f"{total} Datensätze", f"{total} datasets"))
        for name, found in rows.items():
            _say_shapes(terminal, name, found)
    return 1 if any(row["severity"] == ShaclSeverity.VIOLATION for found in rows.values() for row in found) else 0


def _pages(instance: Instance) -> Iterator[tuple[int, bytes]]:
    """Give the catalogue's pages of one moment, each with the number of its datasets."""
    with instance.database.reading() as session:
        selection = linked.Selection(at=store.last_seq(session))
        while (found := linked.extent(session, selection)) and found.ids:
            yield len(found.ids), linked.page(session, instance.config, selection, found, "nt")
            selection = replace(selection, page=selection.page + 1, after=found.ids[-1])


def _say_shapes(terminal: Terminal, name: str, rows: list[dict[str, Any]]) -> None:
    sums = Counter[str]()
    for row in rows:
        sums[row["severity"]] += row["count"]
    broken, warned = sums[ShaclSeverity.VIOLATION], sums[ShaclSeverity.WARNING]
    terminal.say(
        Message(
            f"SHACL {name}: {broken} Verletzungen, {warned} Warnungen",
            f"SHACL {name}: {broken} violations, {warned} warnings",
        )
    )
    for row in rows:
        terminal.say(f"  {row['severity']} ({row['count']}×) {row['message']} [{row['example']}]")
