"""What somebody sends to have it checked: a form with a file or a text, or the file itself as the body; within limits of size and time."""

import io
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import IO, Any

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from dcat.errors import OffenbarError
from dcat.message import Message
from validators import schemas

# Bytes of a text that is pasted, fields and files of a form, and what everything beside the file may add up to.
MAX_TEXT = 1_000_000
MAX_PARTS = 12
ROOM = MAX_TEXT + schemas.MAX_BYTES + 100_000
MAX_NAME = 120
RECOGNISE, OWN, NONE = "recognise", "own", "none"
# Seconds that an upload may take.
WHOLE = 180.0
# Small, as the server gives a piece only when it is full.
_PIECE = 8192


class CheckError(OffenbarError):
    """A check that was not made: why, the status of HTTP, and the seconds after which asking again makes sense."""

    def __init__(self, message: Message, *, status: int, retry: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.retry = retry


@dataclass(slots=True, kw_only=True)
class Asked:
    """What is to be checked, and how. `schema` is the id of a shared one or one of RECOGNISE, OWN and NONE; `own` is the text of an own one."""

    name: str = ""
    schema: str = RECOGNISE
    own: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    output: str = ""


class Paced:
    """The body of a request: piece by piece, and only for so long.

    It is read by the thread that answers: one that reads for it would still be reading when the answer is done, and granian 2.8
    then stops the whole worker. So a client that sends nothing at all holds its thread until it goes; `PLACES` in check_pages.py
    sees to it that the others are free, and a proxy that buffers requests keeps such clients away.
    `length` is how much there is to read, where the server does not tell where the body ends.
    """

    def __init__(self, source: Any, *, length: int | None = None, whole: float = WHOLE) -> None:
        self._source = source
        self._left = sys.maxsize if length is None else length
        self._until = time.monotonic() + whole

    def read(self, size: int = -1) -> bytes:
        """Give the next bytes, at most `size` of them if that is not negative; CheckError when the time is up."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_PIECE), b""))
        if time.monotonic() > self._until:
            raise _too_slow()
        piece: bytes = self._source.read(min(size, _PIECE, self._left)) if self._left else b""
        self._left -= len(piece)
        return piece


@contextmanager
def received(most: int, *, whole: float = WHOLE) -> Iterator[tuple[Asked, IO[bytes]]]:
    """Take in what was sent; the file has no name and is at most `most` bytes long. CheckError says what is wrong with the request."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise _packed()
    request.max_content_length = most + ROOM
    length = None if request.environ.get("wsgi.input_terminated") else request.content_length or 0
    request.environ["wsgi.input"] = Paced(request.environ["wsgi.input"], length=length, whole=whole)
    try:
        with TemporaryFile() as file:
            asked = _form(file, most) if _is_form() else _body(file, most)
            file.seek(0)
            yield asked, file
    except RequestEntityTooLarge as error:
        raise too_large(most) from error


def too_large(most: int) -> CheckError:
    """Say that a file, or a form, is too large."""
    size = f"{most / 1_000_000:.3g}"
    return CheckError(
        Message(
            f"Hier werden Dateien bis {size.replace('.', ',')} MB und Texte bis 1 MB geprüft. Nächster Schritt: die Datei teilen, oder sie "
            "auf dem eigenen Rechner prüfen: offenbar validate DATEI",
            f"Files of up to {size} MB and texts of up to 1 MB are checked here. Next step: split the file, or check it on your own "
            "machine: offenbar validate FILE",
        ),
        status=413,
    )


def busy(retry: int = 20) -> CheckError:
    """Say that as many checks run as may."""
    return CheckError(
        Message(
            "Gerade laufen so viele Prüfungen, wie gleichzeitig laufen dürfen. Nächster Schritt: in einer halben Minute noch einmal versuchen.",
            "As many checks are running as may run at once. Next step: try again in half a minute.",
        ),
        status=503,
        retry=retry,
    )


def _is_form() -> bool:
    return request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded")


def _form(file: IO[bytes], most: int) -> Asked:
    with ExitStack() as stack:
        fields, files = _parsed(stack)
        sent, own = files.get("file"), files.get("own")
        asked = Asked(
            name=_name(sent.filename or "" if sent else ""),
            schema=_given("schema", fields) or RECOGNISE,
            own=_own(own.stream.read(schemas.MAX_BYTES + 1) if own else fields.get("own", "").encode()),
            output=_given("output", fields),
        )
        # Browsers send a file without name and content where none was chosen.
        if sent and (sent.filename or sent.stream.read(1)):
            sent.stream.seek(0)
            _copy(sent.stream, file, most)
        else:
            asked.text = fields.get("text", "")
            _copy(io.BytesIO(asked.text.encode()), file, min(most, MAX_TEXT))
    return _sound(asked, file)


def _parsed(stack: ExitStack) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
    """Read the form; its files have no name, and are gone with `stack`, whatever goes wrong on the way."""

    def stream(
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return stack.enter_context(TemporaryFile())

    parser = FormDataParser(
        stream_factory=stream,
        max_form_memory_size=MAX_TEXT + 1000,
        max_content_length=request.max_content_length,
        max_form_parts=MAX_PARTS,
    )
    options = request.mimetype_params
    _, fields, files = parser.parse(request.stream, request.mimetype, request.content_length, options)
    return fields, files


def _body(file: IO[bytes], most: int) -> Asked:
    """Take the body itself for the file; schema, output and name stand in the address."""
    _copy(request.stream, file, most)
    asked = Asked(
        name=_name(request.args.get("name", "")), schema=_given("schema") or RECOGNISE, output=_given("output")
    )
    return _sound(asked, file)


def _copy(source: IO[bytes], target: IO[bytes], most: int) -> None:
    size = 0
    while piece := source.read(1 << 16):
        size += len(piece)
        if size > most:
            raise too_large(most)
        target.write(piece)


def _sound(asked: Asked, file: IO[bytes]) -> Asked:
    if not file.tell():
        raise CheckError(
            Message(
                "Es kam keine Datei an, oder sie ist leer. Nächster Schritt: eine Datei wählen oder einen Text einfügen.",
                "No file arrived, or it is empty. Next step: choose a file or paste a text.",
            ),
            status=400,
        )
    if asked.own:
        asked.schema = OWN
        try:
            schemas.read(asked.own.encode())
        except OffenbarError as error:
            raise CheckError(error.message, status=400) from error
    elif asked.schema == OWN:
        raise CheckError(
            Message(
                "Das eigene Schema fehlt. Nächster Schritt: die JSON-Datei mit dem Schema dazu wählen.",
                "Your own schema is missing. Next step: choose the JSON file with the schema too.",
            ),
            status=400,
        )
    elif asked.schema not in (RECOGNISE, NONE, *schemas.IDS):
        raise CheckError(
            Message(
                "Dieses Schema gibt es hier nicht. Nächster Schritt: ein Schema aus der Liste wählen.",
                "There is no such schema here. Next step: choose a schema from the list.",
            ),
            status=400,
        )
    return asked


def _own(sent: bytes) -> str:
    try:
        return sent.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CheckError(
            Message(
                "Das eigene Schema ist kein Text in UTF-8. Nächster Schritt: das Schema als JSON in UTF-8 speichern.",
                "Your own schema is no text in UTF-8. Next step: save the schema as JSON in UTF-8.",
            ),
            status=400,
        ) from error


def _given(name: str, fields: Mapping[str, str] = MappingProxyType({})) -> str:
    return (fields.get(name, "") or request.args.get(name, ""))[:100]


def _name(given: str) -> str:
    """A file's name is a word for people here and never a path."""
    name = given.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in name if letter.isprintable()).strip()[:MAX_NAME]


def _too_slow() -> CheckError:
    return CheckError(
        Message(
            "Die Datei kam nicht vollständig an: Die Übertragung dauert zu lange. Nächster Schritt: noch einmal versuchen, bei langsamer "
            "Leitung mit einer kleineren Datei, etwa als ZIP.",
            "The file did not arrive in full: the transfer takes too long. Next step: try again, on a slow line with a smaller file, as "
            "a ZIP perhaps.",
        ),
        status=408,
    )


def _packed() -> CheckError:
    return CheckError(
        Message(
            "Die Anfrage ist gepackt (Content-Encoding); das wird hier nicht ausgepackt. Nächster Schritt: die Datei selbst senden; ZIP und "
            "gzip als Datei sind erlaubt.",
            "The request is compressed (Content-Encoding), which is not undone here. Next step: send the file itself; ZIP and gzip as "
            "files are permitted.",
        ),
        status=415,
    )
