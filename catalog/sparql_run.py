"""From a SPARQL query to its answer: a free place, a process of its own, and a sentence for everything that can go wrong."""

import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from catalog import processes, sparql_query, triples
from catalog.instance import Instance
from catalog.triples import Snapshot, StoreError
from dcat.errors import OffenbarError
from dcat.message import Message

SECONDS = sparql_query.SECONDS
MAX_QUERY = 20_000
MAX_RESULT = 10_000_000
PLACES = 2
_PATIENCE = 1.0
_GRACE = 2.0
# Nothing of our settings, which hold passwords, goes along.

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query with the formats its reader takes, by the keys of `sparql_query.FORMATS`; none where it takes none of that kind.

    `default_graphs` and `named_graphs`, when given, replace what FROM says (SPARQL 1.1 Protocol, section 2.1.4). `most` is in bytes.
    """

    text: str
    solutions: str = "json"
    triples: str = "ttl"
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    most: int = MAX_RESULT


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole result, and the sequence number it belongs to."""

    format: str
    body: bytes
    seq: int


class QueryError(OffenbarError):
    """A query that got no answer; `status` is the one of HTTP, `retry` the seconds after which asking again makes sense."""

    def __init__(self, message: Message, *, status: int = 422, retry: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.retry = retry


BUSY = Message(
    "Gerade laufen so viele Abfragen, wie gleichzeitig laufen dürfen. Nächster Schritt: in einigen Sekunden noch einmal fragen.",
    "As many queries are running as may run at once. Next step: ask again in a few seconds.",
)
TOO_LONG = Message(
    f"Die Abfrage ist länger als {MAX_QUERY // 1000} kB. Nächster Schritt: kürzen oder aufteilen.",
    f"The query is longer than {MAX_QUERY // 1000} kB. Next step: shorten or split it.",
)
TOO_SLOW = Message(
    f"Die Abfrage war nach {SECONDS} Sekunden nicht fertig und wurde beendet. Nächster Schritt: genauere Muster, weniger "
    "Verknüpfungen, LIMIT.",
    f"The query was not done after {SECONDS} seconds and was ended. Next step: more precise patterns, fewer joins, LIMIT.",
)
TOO_MUCH = Message(
    "Die Abfrage braucht mehr Speicher, als sie bekommt, und wurde beendet. Nächster Schritt: ORDER BY, GROUP BY oder DISTINCT "
    "auf weniger Zeilen anwenden.",
    "The query needs more memory than it gets and was ended. Next step: apply ORDER BY, GROUP BY or DISTINCT to fewer rows.",
)
TOO_DEEP = Message(
    "Die Abfrage ist zu tief verschachtelt. Nächster Schritt: in mehrere Abfragen aufteilen.",
    "The query is nested too deeply. Next step: split it into several queries.",
)
TOO_LARGE = Message(
    "Das Ergebnis ist größer als {size}. Nächster Schritt: mit LIMIT und OFFSET in Teilen abfragen oder den Katalog als Ganzes laden.",
    "The result is larger than {size}. Next step: ask for parts with LIMIT and OFFSET, or load the catalogue as a whole.",
)
NO_SERVICE = Message(
    "SERVICE gibt es hier nicht: Dieser Endpunkt fragt keine anderen. Nächster Schritt: nur den eigenen Katalog abfragen.",
    "There is no SERVICE here: this endpoint asks no others. Next step: query this catalogue only.",
)
NO_FORMAT = Message(
    "Die Art der Abfrage passt nicht zum verlangten Format. Nächster Schritt: für SELECT und ASK json, xml, csv oder tsv, für "
    "CONSTRUCT und DESCRIBE ttl, nt, rdf oder jsonld verlangen.",
    "The kind of query does not fit the format asked for. Next step: ask for json, xml, csv or tsv with SELECT and ASK, for ttl, "
    "nt, rdf or jsonld with CONSTRUCT and DESCRIBE.",
)
FAILED = Message(
    "Die Abfrage ist bei uns gescheitert. Nächster Schritt: einfacher fragen oder später noch einmal.",
    "The query failed on our side. Next step: ask in a simpler way, or again later.",
)
_ENDED_BY = {
    -signal.SIGALRM: TOO_SLOW,
    -signal.SIGXCPU: TOO_SLOW,
    -signal.SIGKILL: TOO_SLOW,
    -signal.SIGABRT: TOO_MUCH,
    -signal.SIGSEGV: TOO_DEEP,
    -signal.SIGBUS: TOO_DEEP,
}
_OUTCOMES = {
    "memory": QueryError(TOO_MUCH),
    "service": QueryError(NO_SERVICE),
    "format": QueryError(NO_FORMAT, status=406),
}


def catch_up(instance: Instance) -> None:
    """Let the store catch up if little is missing and nobody else writes; otherwise the queries go on with what is there."""
    with suppress(StoreError):
        triples.catch_up(instance, patience=2, most=triples.BATCH)


def seq(instance: Instance) -> int:
    """Give the sequence number an answer would belong to now; StoreError while there is no store."""
    with triples.snapshot(instance) as found:
        return found.mark.seq


def run(instance: Instance, query: Query) -> Answer:
    """Run a query; QueryError says in a sentence why there is no answer, StoreError that there is none to ask yet."""
    with _place(instance) as place:
        for _ in range(2):
            with triples.snapshot(instance) as found:
                said, body = _ask(found, query, place)
            if said["outcome"] == "done":
                return Answer(said["format"], body, found.mark.seq)
            if said["outcome"] != "damaged":
                raise _error(said, query)
            log.warning("the triple store is damaged and is made anew")
            triples.discard(instance, patience=2, seen=found.folder)
            catch_up(instance)
    raise QueryError(FAILED, status=500)


def _ask(found: Snapshot, query: Query, place: IO[str]) -> tuple[dict[str, str], bytes]:
    request = {"query": query.text, "solutions": query.solutions, "triples": query.triples, "most": query.most}
    if query.default_graphs or query.named_graphs:
        request |= {"default_graph": query.default_graphs, "named_graphs": query.named_graphs}
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", str(Path(sparql_query.__file__)), str(found.folder), str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=processes.bare_environment(),
        # Snapshot and place stay taken until the program has ended, even if this process ends before.
        pass_fds=(found.lock, place.fileno()),
    ) as process:
        try:
            output, _ = process.communicate(json.dumps(request).encode(), timeout=SECONDS + _GRACE)
        except subprocess.TimeoutExpired:
            return {"outcome": "ended", "by": str(-signal.SIGKILL)}, b""
        finally:
            process.kill()
    header, _, body = output.partition(b"\n")
    if process.returncode:
        return {"outcome": "ended", "by": str(process.returncode)}, b""
    said: dict[str, str] = json.loads(header)
    return said, body


def _error(said: dict[str, str], query: Query) -> QueryError:
    outcome = said["outcome"]
    if outcome == "syntax":
        found = said["message"]
        return QueryError(
            Message(
                f"Die Abfrage ist kein lesbares SPARQL, oder sie will mehr als lesen: {found}",
                f"The query is no readable SPARQL, or it wants more than to read: {found}",
            ),
            status=400,
        )
    if outcome == "large":
        size = f"{query.most // 1000} kB" if query.most < 1_000_000 else f"{query.most // 1_000_000} MB"
        return QueryError(Message(TOO_LARGE.de.format(size=size), TOO_LARGE.en.format(size=size)))
    if outcome == "ended" and (ended := _ENDED_BY.get(int(said["by"]))):
        return QueryError(ended)
    if outcome not in _OUTCOMES:
        log.warning("a SPARQL query failed: %s", said)
    return _OUTCOMES.get(outcome) or QueryError(FAILED, status=500)


@contextmanager
def _place(instance: Instance) -> Iterator[IO[str]]:
    """Take one of the places for running queries, which all processes of this machine share."""
    folder, until = triples.work_folder(instance), time.monotonic() + _PATIENCE
    while True:
        for number in range(PLACES):
            with (folder / f"place-{number}").open("w") as place:
                try:
                    fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield place
                return
        if time.monotonic() > until:
            raise QueryError(BUSY, status=503, retry=5)
        time.sleep(0.05)
