"""Why a dataset is missing: what may be said in public about an id, an address or a title. Every question costs a few look-ups by key."""

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from babel.dates import format_date
from sqlalchemy.orm import Session

from catalog import health, search, store
from catalog.definitions import Definitions
from catalog.drafts import GONE, PUBLISHED
from catalog.ingest import identity, plan
from catalog.instance import Instance
from catalog.models import Claim, DatasetRow, PlanItem, Quarantine, Record, Run, SourceState
from catalog.public import PublicDataset
from catalog.quarantine_words import meaning
from dcat.message import Message
from harvesters.source import Guard

MAX_TEXT = 500
MOST = 10
_DATA = re.compile(r"\.(ttl|rdf|jsonld|nt|xml)$")
_DEFAULT = Guard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing we know: a short name of its kind, a sentence, the next step. `slug` leads to a dataset, `source` to a source."""

    kind: str
    text: Message
    next: Message | None = None
    title: str = ""
    slug: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was asked, what we know of it, and public datasets of a similar title."""

    asked: str = ""
    findings: tuple[Finding, ...] = ()
    similar: tuple[PublicDataset, ...] = ()


def ask(instance: Instance, session: Session, definitions: Definitions, asked: str) -> Answer:
    """Answer a question; nothing is told of a record that is not public but that it waits, and what its code means."""
    text = " ".join(asked.replace("\0", " ").split())[:MAX_TEXT]
    if not text:
        return Answer()
    look = _Look(instance, session, definitions)
    datasets = look.datasets(text)
    findings = [finding for dataset_id in datasets for finding in look.dataset(dataset_id)]
    findings += [finding for row in look.waiting(text) for finding in look.quarantined(row)]
    findings += [look.planned(item, source) for item, source in look.plans(text)]
    named = [finding.source for finding in findings] + look.sources(text)
    for source_id in dict.fromkeys(filter(None, named)):
        findings += look.source(source_id, asked=not datasets and not findings)
    similar: tuple[PublicDataset, ...] = ()
    if not any(finding.slug for finding in findings) and "://" not in text:
        ids = search.search(instance, text, rows=5).ids
        similar = tuple(store.views(session, list(ids)))
    return Answer(asked=text, findings=tuple(findings), similar=similar)


def day(at: datetime.datetime) -> Message:
    """Write a day in both languages."""
    date = at.astimezone(datetime.UTC).date()
    return Message(format_date(date, "long", "de_DE"), format_date(date, "long", "en_GB"))


@dataclass(frozen=True, slots=True)
class _Look:
    """Looking something up in one moment of the catalogue."""

    instance: Instance
    session: Session
    definitions: Definitions

    def datasets(self, text: str) -> list[str]:
        """Name the datasets that a text means exactly: by name, id, URI, id at the source or global identifier."""
        found: list[str] = []
        row = store.find_row(self.session, self._own_name(text))
        found += [row.id] if row else []
        addresses = _variants(text)
        found += self.session.scalars(sa.select(DatasetRow.id).where(DatasetRow.uri.in_(addresses)).limit(MOST))
        query = sa.select(Record.dataset_id).where(
            Record.source_id.in_(self._known()), Record.remote_id.in_(self._remote_ids(text))
        )
        found += self.session.scalars(query.limit(MOST))
        keys = identity.keys({"identifier": [text]})
        found += (
            self.session.scalars(sa.select(Claim.dataset_id).where(Claim.key.in_(keys)).limit(MOST)) if keys else ()
        )
        return list(dict.fromkeys(found))[:MOST]

    def waiting(self, text: str) -> Iterable[Quarantine]:
        """Find the records in quarantine under an id."""
        query = sa.select(Quarantine).where(
            Quarantine.source_id.in_(self._known()),
            Quarantine.remote_id.in_(self._remote_ids(text)),
            Quarantine.resolved_at.is_(None),
        )
        return self.session.scalars(query.limit(MOST)).all()

    def plans(self, text: str) -> Iterator[tuple[PlanItem, str]]:
        """Find the lines of held plans under an id that would bring a dataset in."""
        held = sa.select(Run.id).where(Run.phase == "held")
        runs = self.session.scalars(held.limit(1000)).all()
        query = sa.select(PlanItem, Run.source_id).join(Run, Run.id == PlanItem.run_id)
        query = query.where(PlanItem.run_id.in_(runs), PlanItem.remote_id.in_(self._remote_ids(text)))
        query = query.where(PlanItem.action.in_((plan.CREATE, plan.REVIVE, plan.UPDATE)))
        for row in self.session.execute(query.limit(MOST)):
            yield row[0], row[1]

    def sources(self, text: str) -> list[str]:
        """Find the sources that have this id or this address."""
        addresses = {_plain(address) for address in _variants(text)}
        return [
            source.id
            for source in self.definitions.sources.values()
            if source.id == text or _plain(source.url) in addresses
        ][:MOST]

    def dataset(self, dataset_id: str) -> Iterator[Finding]:
        """Say where a dataset is that we hold, or held."""
        row, record = self.session.get(DatasetRow, dataset_id), self.session.get(Record, dataset_id)
        source_id = record.source_id if record else row.source_id if row else ""
        if row is not None and row.state == PUBLISHED:
            yield self._published(row)
            yield from self._doubtful(record)
            return
        leader = self._leader(row, record)
        if leader is not None:
            yield Finding(
                kind="led",
                text=Message(
                    "Dieser Datensatz wird über eine andere Quelle beschrieben, die dafür zuständig ist; diese Fassung bleibt dahinter.",
                    "This dataset is described by another source, which is responsible for it; this version is kept behind it.",
                ),
                title=leader.title,
                slug=leader.name,
                source=source_id,
            )
        elif row is not None and row.state == GONE:
            yield self._withdrawn(row, record)

    def quarantined(self, row: Quarantine) -> Iterator[Finding]:
        """Say that a record waits, and what its code means in general."""
        since, about = day(row.created_at), meaning(row.code)
        yield Finding(
            kind="quarantine",
            text=Message(
                f"Ein Datensatz mit dieser Kennung wartet seit {since.de} in Quarantäne (Code {row.code}). {about.what.de}",
                f"A record with this id has been in quarantine since {since.en} (code {row.code}). {about.what.en}",
            ),
            next=about.next,
            source=row.source_id,
        )

    def planned(self, item: PlanItem, source_id: str) -> Finding:
        """Say that a record stands in a plan that waits for a decision."""
        new = item.action != plan.UPDATE
        return Finding(
            kind="held",
            text=Message(
                "Ein Datensatz mit dieser Kennung steht "
                + ("als neu " if new else "mit Änderungen ")
                + "in einem Plan, der auf eine Entscheidung wartet.",
                "A record with this id stands "
                + ("as new " if new else "with changes ")
                + "in a plan that waits for a decision.",
            ),
            next=Message(
                "Wer die Quelle betreut, gibt den Plan frei oder verwirft ihn.",
                "Whoever looks after the source approves or rejects the plan.",
            ),
            source=source_id,
        )

    def source(self, source_id: str, *, asked: bool) -> Iterator[Finding]:
        """Say what is the matter with a source; and when it is asked again, where it was asked about or something is."""
        found = health.standing(self.session, self.instance.config, self.definitions, source_id)
        if found is None:
            return
        state, last = found.state, found.last
        since = day(found.since) if found.since else None
        when = Message(f" seit {since.de}", f" since {since.en}") if since else Message("", "")
        troubles = {
            "failing": Message(
                f"Die Quelle „{found.title}“ ist{when.de} nicht zu lesen. Was zuletzt gut war, bleibt veröffentlicht.",
                f"The source “{found.title}” cannot be read{when.en}. Its last good state stays published.",
            ),
            "held": Message(
                f"Ein Plan der Quelle „{found.title}“ wartet{when.de} auf eine Entscheidung; bis dahin bleibt alles, wie es ist.",
                f"A plan of the source “{found.title}” has waited for a decision{when.en}; until then all stays as it is.",
            ),
            "left": Message(
                f"Die Quelle „{found.title}“ wird nicht mehr geerntet.",
                f"The source “{found.title}” is no longer harvested.",
            ),
            "new": Message(
                f"Die Quelle „{found.title}“ ist angelegt und noch nicht vollständig gelesen.",
                f"The source “{found.title}” is registered and has not been read completely yet.",
            ),
        }
        text = troubles.get(state) if state != "new" or last is None else None
        if text is None and asked:
            text = Message(
                f"Die Quelle „{found.title}“ wird regelmäßig gelesen.",
                f"The source “{found.title}” is read regularly.",
            )
        if text is not None:
            yield Finding(kind="source", text=text, next=_next_run(found.due), source=source_id)

    def _published(self, row: DatasetRow) -> Finding:
        shown = store.find_public(self.session, row.id)
        kept_back = bool(shown and (shown.withheld or any(not file.state.visible for file in shown.files)))
        return Finding(
            kind="published",
            text=Message(
                "Der Datensatz ist veröffentlicht; nicht alle Daten davon sind abrufbar, der Grund steht auf seiner Seite."
                if kept_back
                else "Der Datensatz ist veröffentlicht.",
                "The dataset is published; not all of its data can be had, the reason is on its page."
                if kept_back
                else "The dataset is published.",
            ),
            title=row.title,
            slug=row.name,
        )

    def _doubtful(self, record: Record | None) -> Iterator[Finding]:
        """Say what may become of a public dataset."""
        if record is None:
            return
        if record.stale_since is not None:
            since = day(record.stale_since)
            yield Finding(
                kind="stale",
                text=Message(
                    f"Seit {since.de} liefert die Quelle eine Fassung, die wir nicht übernehmen können; die letzte gute bleibt.",
                    f"Since {since.en} the source gives a version that we cannot take in; the last good one stays.",
                ),
                source=record.source_id,
            )
        if record.misses and record.missing_since is not None:
            definition = self.definitions.find(record.source_id)
            guard = definition.guard if definition else _DEFAULT
            since = day(record.missing_since)
            until = day(record.missing_since + datetime.timedelta(days=guard.min_days))
            yield Finding(
                kind="missing",
                text=Message(
                    f"Die Quelle nennt ihn seit {since.de} nicht mehr ({record.misses} von {guard.misses} vollständigen Läufen). "
                    f"Bleibt es dabei, wird er frühestens am {until.de} zurückgezogen.",
                    f"The source has not named it since {since.en} ({record.misses} of {guard.misses} complete runs). "
                    f"If it stays so, it will be withdrawn on {until.en} at the earliest.",
                ),
                source=record.source_id,
            )

    def _withdrawn(self, row: DatasetRow, record: Record | None) -> Finding:
        gone = day(record.gone_at if record and record.gone_at else row.modified_at)
        missing = record.missing_since if record and record.gone_at else None
        why = Message("", "")
        if missing is not None:
            first = day(missing)
            why = Message(
                f" Die Quelle hat ihn ab {first.de} nicht mehr genannt.",
                f" The source did not name it from {first.en} on.",
            )
        elif self.definitions.left(row.source_id):
            why = Message(" Seine Quelle wird nicht mehr geerntet.", " Its source is no longer harvested.")
        return Finding(
            kind="withdrawn",
            text=Message(
                f"Der Datensatz wurde am {gone.de} zurückgezogen.{why.de}",
                f"The dataset was withdrawn on {gone.en}.{why.en}",
            ),
            next=Message(
                "Bietet die Quelle ihn wieder an, erscheint er unter derselben Adresse.",
                "If the source offers it again, it will appear at the same address.",
            ),
            title=row.title,
            source=row.source_id,
        )

    def _leader(self, row: DatasetRow | None, record: Record | None) -> DatasetRow | None:
        if record is not None and record.led_by:
            found = self.session.get(DatasetRow, record.led_by)
            return found if found and found.state == PUBLISHED else None
        return store.successor(self.session, row) if row is not None else None

    def _known(self) -> list[str]:
        """Name all sources: with them the look-up of an id follows the key of the tables."""
        return list(self.session.scalars(sa.select(SourceState.id).order_by(SourceState.id).limit(5000)))

    def _remote_ids(self, text: str) -> list[str]:
        """Write an id as it may stand in our tables."""
        rules = {source.identity for source in self.definitions.sources.values() if source.identity.dataset}
        return [*dict.fromkeys([text, *_variants(text), *(rule.dataset_id(text) for rule in rules)])]

    def _own_name(self, text: str) -> str:
        """Take an address of ours apart; any other text stands for itself."""
        start = f"{self.instance.config.site_url}/dataset/"
        name = text.removeprefix(start).split("/")[0].split("?")[0] if text.startswith(start) else text
        return _DATA.sub("", name)


def _variants(text: str) -> list[str]:
    """An address with http and https, with and without the slash at its end; other texts as they are."""
    if not re.match(r"https?://", text, re.IGNORECASE):
        return [text]
    rest = re.sub(r"^https?://", "", text, flags=re.IGNORECASE).rstrip("/")
    return [f"{scheme}://{rest}{end}" for scheme in ("https", "http") for end in ("", "/")]


def _plain(address: str) -> str:
    return re.sub(r"^https?://", "", address, flags=re.IGNORECASE).rstrip("/")


def _next_run(due: datetime.datetime | None) -> Message | None:
    if due is None:
        return None
    on = day(due)
    return Message(f"Nächster Lauf: am {on.de} oder bald danach.", f"Next run: on {on.en} or soon after.")
