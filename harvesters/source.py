"""The definition of a source: one YAML file per department says where its data are and how to treat them."""

import hashlib
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from dcat.errors import ConfigError
from dcat.marked_yaml import MarkedError, read_marked
from dcat.message import Message
from dcat.model import Agent, Contact, Period, Text
from harvesters import places
from harvesters.network import FetchLimits, Network
from harvesters.source_lint import LintFinding, find

# The protocols that can be read; the enum in source.schema.json says the same, and a test holds them together.
TYPES = (
    "arcgis",
    "ckan",
    "csw",
    "data-json",
    "dcat",
    "files",
    "folder",
    "gbfs",
    "gtfs",
    "ldes",
    "mobilithek",
    "ogc",
    "ogc-api",
    "oparl",
    "opendatasoft",
    "pegelonline",
    "s3",
    "sensorthings",
    "sftp",
    "webdav",
)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
# Rules take time that grows with the square of a name's length, and some sources send names without end.
MAX_NAME = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How often to harvest and to reconcile in full, in seconds, and at what time of day (`20:00-06:00`, empty for any).

    Sources of a higher priority (0 to 9) come first when several are due.
    """

    every: int = 86400
    full: int = 7 * 86400
    window: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Rules that make unsteady ids steady, such as `strip-suffix:_[0-9]+`; empty for taking them as they are."""

    dataset: str = ""
    distribution: str = ""

    def dataset_id(self, remote_id: str) -> str:
        """Bring the id of a record into its steady form."""
        return _stripped(remote_id, self.dataset)

    def distribution_id(self, name: str) -> str:
        """Bring the name or address of a file into its steady form; an ending such as .csv stays out of it."""
        stem, dot, ending = name.rpartition(".")
        if not dot or "/" in ending:
            return _stripped_address(name, self.distribution)
        return f"{_stripped_address(stem, self.distribution)}.{ending}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """When a plan is held for a steward: shares of the live records, and how long something must be missing."""

    removals: float = 0.10
    removals_min: int = 5
    updates: float = 0.30
    rekeyed: float = 0.20
    quarantined: float = 0.10
    misses: int = 2
    min_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What fills the gaps of a source's metadata; marked as computed wherever it is used."""

    license: str = ""
    publisher: Agent | None = None
    contact: Contact | None = None
    contributor: str = ""
    description: tuple[Text, ...] = ()
    theme: tuple[str, ...] = ()
    frequency: str = ""
    language: tuple[str, ...] = ()
    keywords: tuple[Text, ...] = ()
    hvd_category: tuple[str, ...] = ()
    applicable_legislation: tuple[str, ...] = ()
    availability: str = ""
    access_rights: str = ""
    license_attribution: tuple[Text, ...] = ()
    political_geocoding: tuple[str, ...] = ()
    political_geocoding_level: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDataset:
    """The metadata of the files in a file drop whose names match `pattern`."""

    pattern: str
    title: tuple[Text, ...] = ()
    description: tuple[Text, ...] = ()
    keywords: tuple[Text, ...] = ()
    theme: tuple[str, ...] = ()
    frequency: str = ""
    license: str = ""
    hvd_category: tuple[str, ...] = ()
    temporal: Period | None = None
    contact: Contact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Whom to tell when a source changes its state: a mail address or a web address to post to. `on` names the changes."""

    on: tuple[str, ...]
    mail: str = ""
    webhook: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How to log in at a source. Each value is a reference to a secret, `env:NAME` or `file:/path`, never the secret itself."""

    user: str = ""
    password: str = ""
    token: str = ""
    key: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """How often current values are fetched, in seconds (0 for never), and how many of each series are kept."""

    every: int = 0
    keep: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source definition. `revision` is the SHA-256 of the file, so that every record can name the rules it followed.

    `mirrors` tells that this portal harvests our catalogue: what it shares with us came from here. `division` is what the department belongs to (Dezernat); `options` are the protocol's own keys; `fields` say by field who
    prevails where the source, the definition and a steward differ (catalog/overlay.py).
    """

    id: str
    city: str
    department: str
    type: str
    url: str
    network: Network = field(default_factory=Network)
    limits: FetchLimits = field(default_factory=FetchLimits)
    schedule: Schedule = Schedule()
    authority: int = 50
    identity: Identity = Identity()
    guard: Guard = Guard()
    defaults: Defaults = Defaults()
    schemas: tuple[tuple[str, str], ...] = ()
    mappings: tuple[tuple[str, str], ...] = ()
    release: str = ""
    datasets: tuple[FileDataset, ...] = ()
    notify: tuple[Notice, ...] = ()
    division: str = ""
    options: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    login: Login = Login()
    live: Live = Live()
    mirrors: bool = False
    revision: str = ""

    def option(self, name: str, default: str = "") -> str:
        """Give the value of an option of this source's protocol."""
        return dict(self.options).get(name, default)


def read(data: bytes, name: str) -> Source:
    """Read a definition; ConfigError names file, line, key and remedy of the first error."""
    findings, value = _examine(data)
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        first, more = errors[0], len(errors) - 1
        raise ConfigError(
            Message(
                f"{name}, Zeile {first.line}: {first.message.de}"
                + (f" Dazu {more} weitere Fehler: offenbar source lint zeigt alle." if more else ""),
                f"{name}, line {first.line}: {first.message.en}"
                + (f" There are {more} more errors: offenbar source lint shows all." if more else ""),
            )
        )
    return _source(value, hashlib.sha256(data).hexdigest())


def lint(data: bytes, name: str) -> tuple[LintFinding, ...]:
    """Give everything that is wrong or doubtful in a definition, by line; each sentence names the file."""
    return tuple(
        LintFinding(
            level=finding.level,
            line=finding.line,
            message=Message(
                f"{name}, Zeile {finding.line}: {finding.message.de}",
                f"{name}, line {finding.line}: {finding.message.en}",
            ),
        )
        for finding in _examine(data)[0]
    )


def load_folder(path: Path) -> tuple[Source, ...]:
    """Read all definitions of a folder, by id."""
    found: dict[str, tuple[str, Source]] = {}
    try:
        files = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml") and file.name[0] != ".")
        contents = [(file.name, file.read_bytes()) for file in files]
    except OSError as error:
        raise ConfigError(
            Message(
                f"Der Ordner der Quellen {path} kann nicht gelesen werden ({error.strerror}); bitte »sources« in offenbar.yaml prüfen.",
                f'The folder of sources {path} cannot be read ({error.strerror}); please check "sources" in offenbar.yaml.',
            )
        ) from error
    for name, data in contents:
        source = read(data, name)
        if source.id in found:
            other = found[source.id][0]
            raise ConfigError(
                Message(
                    f"{other} und {name} haben beide die id »{source.id}«; bitte eine davon ändern.",
                    f'{other} and {name} both have the id "{source.id}"; please change one of them.',
                )
            )
        found[source.id] = name, source
    return tuple(source for _, (_, source) in sorted(found.items()))


def _examine(data: bytes) -> tuple[tuple[LintFinding, ...], Any]:
    try:
        marked = read_marked(data)
    except MarkedError as error:
        message = Message(error.message.de + ".", error.message.en + ".")
        return (LintFinding(level="error", line=error.line, message=message),), None
    return find(marked), marked.value


def _source(value: dict[str, Any], revision: str) -> Source:
    """Build the source of a definition in which the schema found no error."""
    network = value.get("network", {})
    home = places.home(value["type"], value["url"], value.get("options", {}))
    return Source(
        id=value["id"],
        city=value["city"],
        department=value["department"],
        type=value["type"],
        url=value["url"],
        network=Network(
            tuple(network.get("allow", ())),
            home,
            ca=network.get("ca", ""),
            certificate=network.get("certificate", ""),
            proxy=network.get("proxy", ""),
            host_key=network.get("host_key", ""),
            robots=network.get("robots", True),
        ),
        limits=_limits(value.get("limits", {})),
        schedule=_schedule(value.get("schedule", {})),
        authority=int(value.get("authority", 50)),
        identity=Identity(**value.get("identity", {})),
        guard=_guard(value.get("guard", {})),
        defaults=_defaults(value.get("defaults", {})),
        schemas=tuple(value.get("schemas", {}).items()),
        mappings=tuple(value.get("mappings", {}).items()),
        release=value.get("release", ""),
        datasets=tuple(_file_dataset(entry) for entry in value.get("datasets", ())),
        notify=tuple(Notice(**{**entry, "on": tuple(entry["on"])}) for entry in value.get("notify", ())),
        division=value.get("division", ""),
        options=tuple((key, str(text)) for key, text in value.get("options", {}).items()),
        fields=tuple(value.get("fields", {}).items()),
        login=Login(**value.get("login", {})),
        live=_live(value.get("live", {})),
        mirrors=value.get("mirrors", False),
        revision=revision,
    )


def _limits(value: dict[str, Any]) -> FetchLimits:
    given = dict(value)
    for key in ("connect", "read", "total", "run"):
        if key in given:
            given[key] = float(_duration(given[key]))
    for key in ("max_bytes", "max_file_bytes"):
        if key in given:
            given[key] = _size(given[key])
    if "connections" in given:
        # JSON Schema counts 2.0 among the integers.
        given["connections"] = int(given["connections"])
    if "rate" in given:
        count, _, unit = given["rate"].partition("/")
        given["rate"] = int(count) / _SECONDS[unit]
    return FetchLimits(**given)


def _schedule(value: dict[str, Any]) -> Schedule:
    plain = ("window", "priority")
    given: dict[str, Any] = {key: part if key in plain else _duration(part) for key, part in value.items()}
    return Schedule(**given)


def _live(value: dict[str, Any]) -> Live:
    given: dict[str, Any] = {key: part if key == "keep" else _duration(part) for key, part in value.items()}
    return Live(**given)


def _guard(value: dict[str, Any]) -> Guard:
    given: dict[str, Any] = {key: _share(part) if isinstance(part, str) else int(part) for key, part in value.items()}
    return Guard(**given)


def _defaults(value: dict[str, Any]) -> Defaults:
    given = _described(Defaults, value)
    if "publisher" in value:
        agent = value["publisher"]
        given["publisher"] = Agent(**{**agent, "name": _texts(agent.get("name", ()))})
    return Defaults(**given)


def _file_dataset(value: dict[str, Any]) -> FileDataset:
    given = _described(FileDataset, value)
    if "temporal" in value:
        given["temporal"] = Period(**value["temporal"])
    return FileDataset(**given)


def _described(kind: type[Defaults] | type[FileDataset], value: dict[str, Any]) -> dict[str, Any]:
    """Bring the values for the fields of a class into their form, which its annotations tell."""
    given = dict(value)
    for known in fields(kind):
        if known.name not in value:
            continue
        if known.type == tuple[Text, ...]:
            given[known.name] = _texts(value[known.name])
        elif known.type == tuple[str, ...]:
            words = value[known.name]
            given[known.name] = (words,) if isinstance(words, str) else tuple(words)
        elif known.type == Contact | None:
            given[known.name] = Contact(**value[known.name])
    return given


def _texts(value: Any) -> tuple[Text, ...]:
    """Read a plain text, which is German, one in several languages, or a list of either."""
    if isinstance(value, str):
        return (Text(value, "de"),)
    if isinstance(value, dict):
        return tuple(Text(text, lang) for lang, text in value.items())
    return tuple(text for entry in value for text in _texts(entry))


def _stripped(name: str, rule: str) -> str:
    """Apply a rule such as `strip-suffix:_[0-9]+`; what it would leave empty stays as it is, and so does what is no name any more."""
    if not rule or len(name) > MAX_NAME:
        return name
    return re.sub(f"(?:{rule.removeprefix('strip-suffix:')})$", "", name) or name


def _stripped_address(name: str, rule: str) -> str:
    """Apply a rule to a name, or to an address in which blanks and umlauts are percent-encoded, unlike in the rule."""
    plain = unquote(name) if rule and len(name) <= MAX_NAME else name
    if plain == name:
        return _stripped(name, rule)
    suffix = plain[len(_stripped(plain, rule)) :]
    # One sign takes twelve at most: four bytes of three.
    starts = range(len(name) - len(suffix), max(len(name) - 12 * len(suffix), 0), -1) if suffix else ()
    return next((name[:start] for start in starts if unquote(name[start:]) == suffix), name)


def _duration(text: str) -> int:
    return int(text[:-1]) * _SECONDS[text[-1]]


def _size(text: str) -> int:
    number = text.rstrip("BkMG ")
    return int(number) * _BYTES[text[len(number) :].strip()]


def _share(text: str) -> float:
    return float(text.removesuffix("%")) / 100
