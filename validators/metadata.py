"""The metadata gate: a dataset against the profile table. It decides; the official shapes are a second opinion (validators/shacl.py)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from dcat import iri
from dcat.kinds import TextKind
from dcat.message import Message
from dcat.model import Contact, DataService, Dataset, DatasetSeries, Distribution, Period
from dcat.namespaces import HVD_REGULATION
from dcat.profile import ONE_PER_LANGUAGE, Class, Property, profile
from dcat.vocabularies import Concept, vocabulary
from validators.report import Finding, Severity, by_weight


def check(dataset: Dataset) -> tuple[Finding, ...]:
    """Find everything the profile asks for and the dataset lacks, or has wrong; heaviest first."""
    hvd = bool(dataset.hvd_category) or HVD_REGULATION in dataset.applicable_legislation
    findings = list(_node(profile()["Dataset"], dataset, "", hvd))
    if not dataset.contributor_id:
        findings.append(_missing(profile()["Dataset"].property("contributor_id"), "", Severity.WARNING))
    findings += _outdated_places(dataset)
    if hvd:
        findings += _hvd(dataset)
    return by_weight(_merged(findings))


def blocks(findings: Iterable[Finding]) -> bool:
    """Tell whether any finding blocks publication or breaks HVD conformity."""
    return any(finding.severity in (Severity.BLOCKS, Severity.HVD) for finding in findings)


def _node(cls: Class, node: Any, path: str, hvd: bool) -> Iterator[Finding]:
    for prop in cls.properties:
        where = f"{path}.{prop.field}" if path else prop.field
        values = _values(getattr(node, prop.field))
        if not values:
            if prop.obligation == "mandatory":
                yield _missing(prop, path, Severity.BLOCKS)
            elif hvd and prop.hvd == "mandatory":
                yield _missing(prop, path, Severity.HVD)
            elif prop.obligation == "recommended" and cls.name in ("Dataset", "Distribution"):
                yield _missing(prop, path, Severity.HINT)
            continue
        yield from _checked(prop, values, where)
        if prop.kind is None:
            child = profile()[prop.node]
            for position, value in enumerate(values):
                yield from _node(child, value, f"{where}[{position}]" if prop.many else where, hvd)
    yield from _whole(node, path)


def _checked(prop: Property, values: tuple[Any, ...], where: str) -> Iterator[Finding]:
    if isinstance(prop.kind, TextKind):
        tags = [text.lang for text in values]
        if "" in tags:
            yield _finding(
                Severity.WARNING,
                "language-missing",
                where,
                Message(f"{prop.label.de}: ein Text ohne Sprache.", f"{prop.label.en}: a text without language."),
                Message("Sprache nennen, zum Beispiel @de.", "Name the language, for example @de."),
            )
        if prop.field in ONE_PER_LANGUAGE and len({tag.lower() for tag in tags}) < len(tags):
            yield _finding(
                Severity.BLOCKS,
                "language-twice",
                where,
                Message(
                    f"{prop.label.de}: zwei Texte in einer Sprache.", f"{prop.label.en}: two texts in one language."
                ),
                Message("Je Sprache nur einen Text angeben.", "Give one text per language only."),
            )
    if prop.kind is None:
        return
    for value in values:
        misfit = prop.kind.check(value, prop.vocabulary)
        if misfit:
            yield _finding(
                Severity.BLOCKS, misfit.code, where, misfit.message, _fix(prop), str(getattr(value, "value", value))
            )
        elif prop.vocabulary == "license" and value not in vocabulary("license"):
            yield _finding(
                Severity.WARNING,
                "unknown-license",
                where,
                Message(
                    f"Die Lizenz {value} steht nicht auf der Liste von GovData.",
                    f"The licence {value} is not on GovData's list.",
                ),
                Message("Eine Lizenz wie dl-by-de/2.0 wählen.", "Choose a licence such as dl-by-de/2.0."),
                value,
            )


def _whole(node: Any, path: str) -> Iterator[Finding]:
    """Rules about a node as a whole (DCAT-AP.de 3.0: contact channel, period, web addresses; HVD 3.0: categories)."""
    if isinstance(node, Contact) and not (node.email or node.url or node.telephone):
        yield _finding(
            Severity.BLOCKS,
            "contact-channel",
            path,
            Message(
                "Der Kontakt nennt weder E-Mail noch Formular noch Telefon.",
                "The contact names no e-mail, form or telephone.",
            ),
            Message("Ein Sammelpostfach eintragen.", "Enter a shared mailbox."),
        )
    if isinstance(node, Period):
        if not node.start and not node.end:
            yield _finding(
                Severity.BLOCKS,
                "period-empty",
                path,
                Message("Der Zeitraum hat weder Anfang noch Ende.", "The period has neither start nor end."),
                Message("Anfang oder Ende angeben.", "Give a start or an end."),
            )
        elif node.start and node.end and node.end[: len(node.start)] < node.start[: len(node.end)]:
            yield _finding(
                Severity.WARNING,
                "period-backwards",
                path,
                Message("Der Zeitraum endet vor seinem Anfang.", "The period ends before it starts."),
                Message("Anfang und Ende vertauschen.", "Swap start and end."),
            )
    if isinstance(node, Distribution) and any(not iri.is_web(url) for url in (*node.access_url, *node.download_url)):
        yield _finding(
            Severity.WARNING,
            "no-web-address",
            path,
            Message(
                "Eine Adresse ist nicht mit dem Browser erreichbar.", "An address cannot be reached with a browser."
            ),
            Message("Adressen mit http oder https angeben.", "Give addresses with http or https."),
        )

    if isinstance(node, Dataset | DatasetSeries | DataService):
        yield from _top_categories(node.hvd_category, f"{path}.hvd_category" if path else "hvd_category")


def _top_categories(uris: tuple[str, ...], where: str) -> Iterator[Finding]:
    """A category that has narrower ones, none of which is given, says too little."""
    given = [concept for uri in uris if (concept := vocabulary("hvd-category").find(uri))]
    covered = {concept.extra["top_category"] for concept in given if concept.extra["broader"]}
    for concept in given:
        if not concept.extra["broader"] and concept.code not in covered:
            yield _finding(
                Severity.HINT,
                "hvd-top-category",
                where,
                Message(
                    f"„{concept.label.de}“ ist nur die Oberkategorie der hochwertigen Datensätze.",
                    f"“{concept.label.en}” is the top category of high-value datasets only.",
                ),
                Message(
                    "Die genaueste Kategorie der Liste hvd-category angeben.",
                    "Give the most specific category of the vocabulary hvd-category.",
                ),
                concept.uri,
            )


def _outdated_places(dataset: Dataset) -> Iterator[Finding]:
    """A key that its municipality has lost, where the dataset was brought up to date since or does not say when."""
    named = [("political_geocoding", uri) for uri in dataset.political_geocoding]
    named += [("spatial", place.uri) for place in dataset.spatial if place.uri]
    for where, uri in named:
        old, new = _replaced(uri)
        if old is None or new is None:
            continue
        since, modified = new.extra["valid_from"], dataset.modified
        # A year or month alone counts as its end.
        if modified and modified[:10] < since[: len(modified)]:
            continue
        yield _finding(
            Severity.HINT,
            "outdated-place",
            where,
            Message(
                f"{old.label.de} hat seit {since} einen neuen Schlüssel; {old.code} gilt nicht mehr.",
                f"{old.label.en} has had a new key since {since}; {old.code} is no longer valid.",
            ),
            Message(f"{new.uri} angeben.", f"Give {new.uri}."),
            uri,
        )


def _replaced(uri: str) -> tuple[Concept | None, Concept | None]:
    old = vocabulary("place").find(uri)
    successor = old.extra["replaced_by"] if old else ""
    return old, vocabulary("place").find(successor) if successor else None


def _hvd(dataset: Dataset) -> Iterator[Finding]:
    yield from _legislation(dataset, "")
    for position, series in enumerate(dataset.in_series):
        yield from _legislation(series, f"in_series[{position}].")
    for position, distribution in enumerate(dataset.distribution):
        for number, service in enumerate(distribution.access_service):
            yield from _legislation(service, f"distribution[{position}].access_service[{number}].")
        concept = vocabulary("license").find(distribution.license) if distribution.license else None
        if concept is not None and concept.extra["hvd"] != "yes":
            yield _finding(
                Severity.HVD,
                "hvd-license",
                f"distribution[{position}].license",
                Message(
                    f"„{concept.label.de}“ ist für hochwertige Datensätze nicht frei genug.",
                    f"“{concept.label.en}” is not free enough for high-value datasets.",
                ),
                Message(
                    "CC BY 4.0 oder freier wählen, zum Beispiel dl-zero-de/2.0.",
                    "Choose CC BY 4.0 or freer, such as dl-zero-de/2.0.",
                ),
                distribution.license,
            )


def _legislation(node: Dataset | DatasetSeries | DataService, path: str) -> Iterator[Finding]:
    if node.applicable_legislation and HVD_REGULATION not in node.applicable_legislation:
        yield _finding(
            Severity.HVD,
            "hvd-legislation",
            f"{path}applicable_legislation",
            Message(
                "Die Rechtsgrundlage der hochwertigen Datensätze fehlt.",
                "The legislation on high-value datasets is missing.",
            ),
            Message(f"{HVD_REGULATION} ergänzen.", f"Add {HVD_REGULATION}."),
        )


def _missing(prop: Property, path: str, severity: Severity) -> Finding:
    where = f"{path}.{prop.field}" if path else prop.field
    return _finding(
        severity,
        f"missing-{prop.field.replace('_', '-')}",
        where,
        Message(f"{prop.label.de} ({prop.curie}) fehlt.", f"{prop.label.en} ({prop.curie}) is missing."),
        _fix(prop),
    )


def _fix(prop: Property) -> Message:
    if prop.vocabulary:
        return Message(
            f"Einen Wert der Liste {prop.vocabulary} an der Quelle oder in der Quelldefinition (defaults) angeben.",
            f"Give a value of the vocabulary {prop.vocabulary} at the source or in the source definition (defaults).",
        )
    return Message(
        "An der Quelle oder in der Quelldefinition (defaults) angeben.",
        "Give it at the source or in the source definition (defaults).",
    )


_WHY = {
    Severity.BLOCKS: Message("DCAT-AP.de verlangt es.", "DCAT-AP.de demands it."),
    Severity.HVD: Message(
        "Für hochwertige Datensätze (EU 2023/138) ist es Pflicht.",
        "It is a duty for high-value datasets (EU 2023/138).",
    ),
    Severity.WARNING: Message("Portale können es sonst nicht auswerten.", "Portals cannot make use of it otherwise."),
    Severity.HINT: Message(
        "DCAT-AP.de empfiehlt es; damit wird der Datensatz besser gefunden.",
        "DCAT-AP.de recommends it; the dataset is found more easily.",
    ),
}


def _finding(severity: Severity, code: str, where: str, what: Message, fix: Message, example: str = "") -> Finding:
    examples = (example[:200],) if example else ()
    return Finding(severity=severity, code=code, what=what, why=_WHY[severity], fix=fix, field=where, examples=examples)


def _merged(findings: list[Finding]) -> list[Finding]:
    """Count equal findings of several distributions as one."""
    merged: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        key = (finding.severity, finding.code, _general(finding.field))
        before = merged.get(key)
        if before is None:
            merged[key] = finding
        else:
            merged[key] = replace(
                before,
                field=_general(before.field),
                count=before.count + 1,
                examples=tuple(dict.fromkeys((*before.examples, *finding.examples)))[:5],
            )
    return list(merged.values())


def _general(path: str) -> str:
    return "".join(part.split("[")[0] + "." for part in path.split(".")).rstrip(".")


def _values(value: Any) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return value
    return (value,) if value or value == 0 else ()
