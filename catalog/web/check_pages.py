"""The page where anybody may have a file checked. Nothing is kept: neither the file, nor the report, nor who asked."""

import base64
import ipaddress
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from catalog.api import answers
from catalog.passing import Passing
from catalog.report_page import content_security
from catalog.report_printing import SECONDS as PRINTING
from catalog.report_printing import BusyError
from catalog.report_view import view
from catalog.tables import Checker
from catalog.visits import Shown, Visit
from catalog.web import check_words
from catalog.web.check_upload import NONE, OWN, RECOGNISE, Asked, CheckError, busy, received, too_large
from catalog.web.errors import problem, wording
from catalog.web.language import lang, t
from catalog.web.pages import settings
from catalog.web.report_pages import FORMS
from catalog.web.schema_words import by_category
from catalog.web.wording import finding_groups
from dcat.errors import StateError
from dcat.message import Message
from validators import schemas
from validators.report import sentence, to_json

check_pages = Blueprint("check", __name__)
# Checks that a web worker makes at once; most of its threads (catalog/server.py) are for everybody else.
PLACES = 2
# Seconds of a check, those that its process takes to start and answer included.
SECONDS = 30
_GRACE = 5.0
# A file may be so many times as large when it is unpacked.
UNPACKED = 5
MEMORY = 2_000_000_000
# Bytes of a repaired copy that goes into the page itself.
IN_PAGE = 1_000_000
# Checks that one client gets at once, and seconds until it gets another one.
BURST = 20
REFILL = 3.0
_CLIENTS = 2000
REPAIRED = "repaired"
OUTPUTS = ("page", REPAIRED, *FORMS)


class Allowance:
    """How many checks each client has left; in the memory of one worker, and of the clients seen last."""

    def __init__(self, burst: int = BURST, refill: float = REFILL) -> None:
        self._burst, self._refill = burst, refill
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, client: str, now: float) -> float:
        """Take one check; gives 0, or the seconds until there is one."""
        with self._lock:
            left, at = self._left.pop(client, (float(self._burst), now))
            left, seconds = take(left, now - at, self._burst, self._refill)
            self._left[client] = (left, now)
            if len(self._left) > _CLIENTS:
                self._left.popitem(last=False)
            return seconds


def take(left: float, passed: float, burst: int, refill: float) -> tuple[float, float]:
    """Take one of what is left after some seconds; gives how much is left then, and the seconds to wait where there was none."""
    left = min(left + max(passed, 0.0) / refill, float(burst))
    return (left - 1, 0.0) if left >= 1 else (left, (1 - left) * refill)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What checks need: who looks at files, where these lie meanwhile, how many at once, and how often for each client."""

    show: Callable[[Visit], Shown]
    passing: Passing
    places: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(PLACES))
    allowance: Allowance = field(default_factory=Allowance)


def desk() -> Desk:
    """Make what checks need in a web worker. No process is started before the first check."""
    passing = Passing()
    checker = Checker(PLACES, memory=MEMORY, grace=_GRACE, folder=passing.folder)
    return Desk(show=checker.show, passing=passing)


@check_pages.get("/check")
def form() -> str:
    """Show the form; `schema` in the address chooses one."""
    chosen = request.args.get("schema", "")[:100]
    return render_template("check.html", chosen=chosen if chosen in schemas.IDS else RECOGNISE, **_choices())


@check_pages.post("/check")
def check() -> Response:
    """Check what was sent and answer with a page, the repaired copy, or a form of the report."""
    found: Desk = current_app.extensions["offenbar.desk"]
    most = settings().check_max_bytes
    if wait := found.allowance.wait(client(), time.monotonic()):
        raise _too_often(int(wait) + 1)
    if (request.content_length or 0) > most + 5_000_000:
        raise too_large(most)
    with _place(found), received(most) as (asked, file), found.passing.place() as folder:
        output = asked.output or ("page" if _wants_page() else "json")
        if output not in OUTPUTS:
            raise _unknown_output()
        visit = _visit(asked, file, folder, most, repair=output == REPAIRED)
        return _answered(asked, output, found.show(visit), visit.copy)


@check_pages.after_request
def keep_nothing(answer: Response) -> Response:
    """What a check answers belongs to whoever asked; the form itself may be kept."""
    if request.method == "POST":
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Robots-Tag"] = "noindex"
        answer.vary.add("Accept")
    return answer


@check_pages.errorhandler(CheckError)
def refuse(error: CheckError) -> Response:
    """Say why there was no check: above the form, or as problem details."""
    if _wants_page():
        content = render_template(
            "check.html", chosen=RECOGNISE, error=error.message, status=error.status, **_choices()
        )
        answer = Response(content, status=error.status, mimetype="text/html")
    else:
        title = Message("Nicht geprüft", "Not checked")
        answer = problem(error.status, title, error.message)
    answer.headers["Cache-Control"] = "no-store"
    if error.retry:
        answer.headers["Retry-After"] = str(error.retry)
    return answer


@check_pages.errorhandler(HTTPException)
def refuse_request(error: HTTPException) -> Response:
    """Put what the server finds wrong with a request into the same form."""
    if isinstance(error, RequestEntityTooLarge):
        return refuse(too_large(settings().check_max_bytes))
    words = wording(error.code or 400)
    return refuse(
        CheckError(
            Message(f"{words.what.de} {words.next.de}", f"{words.what.en} {words.next.en}"), status=error.code or 400
        )
    )


@contextmanager
def _place(found: Desk) -> Iterator[None]:
    if not found.places.acquire(blocking=False):
        raise busy()
    try:
        yield
    finally:
        found.places.release()


def _visit(asked: Asked, file: IO[bytes], folder: Path, most: int, *, repair: bool) -> Visit:
    """Give the file a name for as long as it is looked at."""
    with (folder / "data").open("wb") as target:
        shutil.copyfileobj(file, target)
    return Visit(
        path=folder / "data",
        copy=folder / "copy.csv",
        schema_id=asked.schema if asked.schema in schemas.IDS else "",
        schema=asked.own,
        recognise=asked.schema == RECOGNISE,
        repair=repair,
        seconds=SECONDS - _GRACE,
        bytes=UNPACKED * most,
    )


def _answered(asked: Asked, output: str, shown: Shown, copy: Path) -> Response:
    name = asked.name or t("eingefügter Text", "pasted text")
    if output == "page":
        return Response(_page(asked, name, shown, copy), mimetype="text/html")
    if output == REPAIRED:
        return _repaired(name, shown, copy)
    if output == "json":
        return Response(_json(shown), mimetype="application/json")
    try:
        body = FORMS[output].write(shown.report, name, lang())
    except BusyError as error:
        raise CheckError(error.message, status=503, retry=PRINTING) from error
    except StateError as error:
        raise CheckError(error.message, status=503) from error
    answer = Response(body, content_type=FORMS[output].content_type)
    answer.headers["Content-Disposition"] = _attached(f"{_stem(name)}-bericht.{output}")
    if output == "html":
        answer.headers["Content-Security-Policy"] = content_security()
    return answer


def _page(asked: Asked, name: str, shown: Shown, copy: Path) -> str:
    repair = shown.repair
    small = repair and repair.report and copy.stat().st_size <= IN_PAGE
    chosen = asked.schema if asked.schema in (OWN, NONE) else shown.report.schema_id or RECOGNISE
    return render_template(
        "check_result.html",
        name=name,
        asked=asked,
        shown=shown,
        view=view(shown.report, name, lang()),
        groups=finding_groups(to_json(shown.report)),
        excerpts=check_words.excerpts(shown),
        report_sentence=sentence,
        changes=check_words.changes(repair.log) if repair else (),
        copy=f"data:text/csv;charset=utf-8;base64,{base64.b64encode(copy.read_bytes()).decode()}" if small else "",
        copy_name=f"{_stem(name)}-repariert.csv",
        others=[one for one in shown.likely if one.schema_id != shown.report.schema_id],
        recognised=next((one for one in shown.likely if one.schema_id == shown.report.schema_id), None),
        chosen=chosen,
        **_choices(),
    )


def _repaired(name: str, shown: Shown, copy: Path) -> Response:
    if shown.repair is None or shown.repair.report is None:
        raise CheckError(
            Message(
                "Eine reparierte Kopie gibt es nicht: Die Datei ist keine lesbare Tabelle, oder keine ihrer Spalten gehört zum Schema. "
                "Nächster Schritt: das passende Schema wählen und als Ergebnis „Seite“.",
                "There is no repaired copy: the file is no readable table, or none of its columns belongs to the schema. "
                "Next step: choose the schema that fits, and “page” as the result.",
            ),
            status=422,
        )
    answer = Response(copy.read_bytes(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = _attached(f"{_stem(name)}-repariert.csv")
    return answer


def _json(shown: Shown) -> bytes:
    """The report as everywhere, with what the file looks like and what a repair would change."""
    document: dict[str, Any] = to_json(shown.report)
    document["looks_like"] = [{"schema": one.schema_id, "title": one.title} for one in shown.likely]
    if repair := shown.repair:
        checked = to_json(repair.report) if repair.report else None
        document["repair"] = {"log": repair.log.to_json(), "dropped": repair.dropped, "report": checked}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _choices() -> dict[str, Any]:
    """The choices of the form: schemas by category, and the limits that it names."""
    return {
        "schema_groups": by_category(schemas.all_schemas()),
        "most": settings().check_max_bytes,
        "seconds": SECONDS,
        "outputs": check_words.OUTPUTS,
        "RECOGNISE": RECOGNISE,
        "OWN": OWN,
        "NONE": NONE,
    }


def _wants_page() -> bool:
    """Whether a page is wanted: browsers name it, programs take anything. Only headers count, as a form may be too large to read."""
    named = {kind.lower() for kind, _ in request.accept_mimetypes}
    return "text/html" in named and answers.preferred({"text/html": "page", "application/json": "json"})[0] == "page"


def client() -> str:
    """Name who asks: the nearest address that is not our own proxy, of IPv6 the network."""
    peer = request.remote_addr or ""
    passed_on = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    try:
        address = ipaddress.ip_address(peer)
        if passed_on and (address.is_loopback or address.is_private):
            address = ipaddress.ip_address(passed_on)
    except ValueError:
        return peer
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def _too_often(retry: int) -> CheckError:
    return CheckError(
        Message(
            f"Das waren viele Prüfungen in kurzer Zeit. Nächster Schritt: in {retry} Sekunden noch einmal versuchen; viele Dateien prüft "
            "offenbar validate auf dem eigenen Rechner.",
            f"Those were many checks in a short time. Next step: try again in {retry} seconds; offenbar validate checks many files on "
            "your own machine.",
        ),
        status=429,
        retry=retry,
    )


def _unknown_output() -> CheckError:
    return CheckError(
        Message(
            f"Dieses Ergebnis gibt es nicht. Nächster Schritt: output= mit einem von {', '.join(OUTPUTS)} senden.",
            f"There is no such result. Next step: send output= with one of {', '.join(OUTPUTS)}.",
        ),
        status=400,
    )


def _attached(name: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0] or name
