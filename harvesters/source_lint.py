"""Finds everything that is wrong or doubtful in a source definition and says so in sentences."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as File
from typing import Any, Literal, cast

from jsonschema import Draft202012Validator, ValidationError

from dcat.errors import FetchError
from dcat.marked_yaml import Marked, Path
from dcat.message import Message
from dcat.model import Dataset, Distribution
from harvesters import places, series
from harvesters.addresses import read_address, shown
from harvesters.network import Network, entry_for, is_local, is_named
from harvesters.robots import LISTINGS

# Protocols of the plan that this version cannot read; once built they move to the schema's enum and to TYPES.
LATER = (
    "ngsi-ld",
    "urbanpulse",
)
# Files that become public through us alone, and tell little of themselves.
_DROPS = ("files", "folder", "s3", "sftp", "webdav")
_WITHOUT_EFFECT: tuple[Path, ...] = (("network", "from"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """One remark on a definition: an error keeps the source from being used, a hint does not."""

    level: Literal["error", "hint"]
    line: int
    message: Message


def find(marked: Marked) -> tuple[LintFinding, ...]:
    """Give all remarks on a definition, by line, errors first on each."""
    findings = list(_form(marked))
    if isinstance(marked.value, dict):
        findings += _content(marked, marked.value)
    return tuple(sorted(findings, key=lambda finding: (finding.line, finding.level)))


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(File(__file__).with_name("source.schema.json").read_bytes())
    return Draft202012Validator(schema)


def _form(marked: Marked) -> Iterator[LintFinding]:
    """What the JSON Schema finds, in our words."""
    for error in _validator().iter_errors(marked.value):
        path = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            yield from _unknown_keys(marked, path, error)
        elif error.validator == "required":
            # jsonschema tells the missing key in its sentence only.
            missing = error.message.split("'")[1]
            de, en = _in(path)
            yield _error(marked, path, f"{de}der Schlüssel »{missing}« fehlt", f'{en}the key "{missing}" is missing')
        elif path == ("type",) and error.instance in LATER:
            built = ", ".join(cast(list[str], error.validator_value))
            yield _error(
                marked,
                path,
                f"die Art »{error.instance}« ist noch nicht eingebaut, bitte vorerst eine von diesen nehmen: {built}",
                f'this type is not built in yet: "{error.instance}", please take one of these for now: {built}',
            )
        else:
            yield _expected(marked, path, error)


def _expected(marked: Marked, path: Path, error: ValidationError) -> LintFinding:
    """Say what a key expects, in the words of the schema."""
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    value = shown(json.dumps(error.instance, ensure_ascii=False))[:60]
    return _error(
        marked,
        path,
        f"{_in(path)[0]}dieser Eintrag erwartet {schema.get('x-de', 'Schlüssel und Werte')}, nicht {value}",
        f"{_in(path)[1]}this entry expects {schema.get('x-en', 'keys and values')}, not {value}",
    )


def _unknown_keys(marked: Marked, path: Path, error: ValidationError) -> Iterator[LintFinding]:
    """Name each unknown key, and the known one that was probably meant."""
    assert isinstance(error.schema, Mapping)
    known = list(error.schema["properties"])
    for key in sorted(set(cast(dict[str, Any], error.instance)) - set(known)):
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
        names = ", ".join(known)
        yield _error(
            marked,
            (*path, key),
            f"{_in(path)[0]}der Schlüssel »{key[:60]}« ist unbekannt, "
            + (f"gemeint ist wohl »{near[0]}«" if near else f"bekannt sind: {names}"),
            f'{_in(path)[1]}the key "{key[:60]}" is unknown, '
            + (f'probably "{near[0]}" is meant' if near else f"known are: {names}"),
        )


def _content(marked: Marked, source: dict[str, Any]) -> Iterator[LintFinding]:
    """What only a look at the values and their neighbours can tell."""
    yield from _network(marked, source)
    yield from _patterns(marked, source)
    yield from _fields(marked, source)
    yield from _series(marked, source)
    yield from _sftp(marked, source)
    if not _part(source, "defaults").get("license"):
        yield _hint(
            marked,
            ("defaults",),
            "ohne »defaults: {license: ...}« gilt, was die Quelle sagt; Daten ohne Lizenz werden als other-closed gezeigt",
            'without "defaults: {license: ...}" the source decides; data without a licence are shown as other-closed',
        )
    if not _part(source, "defaults").get("description") and source.get("type") not in _DROPS:
        yield _hint(
            marked,
            ("defaults",),
            "ohne »defaults: {description: ...}« kommt ein Datensatz ohne Beschreibung in Quarantäne",
            'without "defaults: {description: ...}" a dataset without description goes to quarantine',
        )
    if source.get("type") in _DROPS and not source.get("datasets"):
        yield _hint(
            marked,
            (),
            "für Dateien ohne eigene Metadaten fehlt »datasets: [{pattern: ..., title: ...}]«",
            'for files without metadata of their own "datasets: [{pattern: ..., title: ...}]" is missing',
        )
    for path in _WITHOUT_EFFECT:
        if path in marked.lines:
            name = ".".join(map(str, path))
            yield _hint(
                marked,
                path,
                f"»{name}« wird gelesen, hat aber noch keine Wirkung",
                f'"{name}" is read but has no effect yet',
            )


def _sftp(marked: Marked, source: dict[str, Any]) -> Iterator[LintFinding]:
    """What a source needs that is reached by SFTP."""
    if source.get("type") != "sftp":
        return
    login = _part(source, "login")
    if "user" not in login or not login.keys() & {"password", "key"}:
        yield _error(
            marked,
            ("login",),
            "für die Art sftp fehlt »login: {user: env:NAME, password: env:NAME}«, oder key: file:/pfad statt password",
            'for the type sftp "login: {user: env:NAME, password: env:NAME}" is missing, or key: file:/path instead of password',
        )
    if "proxy" in _part(source, "network"):
        yield _error(
            marked,
            ("network", "proxy"),
            "in »network«: SFTP geht nicht über einen Proxy, bitte den Weg zum Server freigeben und »proxy« herausnehmen",
            'in "network": SFTP does not go through a proxy, please open the way to the server and remove "proxy"',
        )
    if not _part(source, "network").get("host_key"):
        yield _hint(
            marked,
            ("network",),
            "ohne »network: {host_key: ...}« wird der Server nicht gelesen; der erste Versuch nennt seinen Schlüssel",
            'without "network: {host_key: ...}" the server is not read; the first attempt tells its key',
        )


def _series(marked: Marked, source: dict[str, Any]) -> Iterator[LintFinding]:
    """The parts of patterns such as `verkehr_{year}_Q{quarter}.csv`."""
    entries = source.get("datasets")
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        pattern = entry.get("pattern") if isinstance(entry, dict) else None
        fault = series.fault(pattern) if isinstance(pattern, str) else None
        if fault:
            de, en = _in(("datasets", number, "pattern"))
            yield _error(marked, ("datasets", number, "pattern"), f"{de}{fault.de}", f"{en}{fault.en}")


def _fields(marked: Marked, source: dict[str, Any]) -> Iterator[LintFinding]:
    """The fields that rules are given for are those of datasets, or of their distributions."""
    known = [name for name in Dataset.__slots__ if name not in ("uri", "distribution", "sample")]
    known += [f"distribution.{name}" for name in Distribution.__slots__ if name != "uri"]
    for name in _part(source, "fields"):
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
            de = f", gemeint ist wohl »{near[0]}«" if near else ", siehe docs/reference/profile.md"
            en = f', probably "{near[0]}" is meant' if near else ", see docs/reference/profile.md"
            yield _error(
                marked,
                ("fields", name),
                f"in »fields«: das Feld »{str(name)[:60]}« gibt es nicht{de}",
                f'in "fields": there is no field "{str(name)[:60]}"{en}',
            )


def _patterns(marked: Marked, source: dict[str, Any]) -> Iterator[LintFinding]:
    for scope, rule in _part(source, "identity").items():
        if not isinstance(rule, str):
            continue
        try:
            re.compile(rule.removeprefix("strip-suffix:"))
        except (re.error, OverflowError, RecursionError):
            yield _error(
                marked,
                ("identity", scope),
                f"in »identity«: das Muster »{rule[:60]}« ist kein gültiger regulärer Ausdruck",
                f'in "identity": the pattern "{rule[:60]}" is no valid regular expression',
            )


def _network(marked: Marked, source: dict[str, Any]) -> Iterator[LintFinding]:
    """The allow-list, and the address of the source against it."""
    allow = _part(source, "network").get("allow")
    usable = []
    for number, entry in enumerate(allow if isinstance(allow, list) else ()):
        path: Path = ("network", "allow", number)
        if not isinstance(entry, str):
            continue
        try:
            local = is_local(entry)
        except ValueError:
            yield _error(
                marked,
                path,
                f"»{entry[:60]}« ist kein Rechnername; möglich sind Rechner oder Rechner:Port ohne http:// und ohne *",
                f'"{entry[:60]}" is no host; possible are host or host:port without http:// and without *',
            )
            continue
        usable.append(entry)
        if local:
            yield _hint(
                marked,
                path,
                f"»{entry}« öffnet das eigene oder interne Netz; bitte nur stehen lassen, wenn das gewollt ist",
                f'"{entry}" opens this machine or a private network; please keep it only if that is intended',
            )
    yield from _address(marked, source, tuple(usable))
    yield from _way(marked, source, tuple(usable))


def _way(marked: Marked, source: dict[str, Any], allow: tuple[str, ...]) -> Iterator[LintFinding]:
    """How the source is reached: through a proxy, with or without asking robots.txt."""
    network = _part(source, "network")
    if network.get("robots") is False and source.get("type") in LISTINGS:
        yield _hint(
            marked,
            ("network", "robots"),
            "»robots: false« übergeht die robots.txt des Rechners; bitte nur stehen lassen, wenn das Amt einverstanden ist",
            '"robots: false" ignores the robots.txt of the host; please keep it only if the department agrees',
        )
    proxy = network.get("proxy")
    if not isinstance(proxy, str):
        return
    path: Path = ("network", "proxy")
    try:
        address = read_address(proxy)
    except FetchError as error:
        yield LintFinding(level="error", line=marked.line(path), message=error.message)
        return
    if address.scheme != "http" or address.credentials or address.target != "/":
        yield _error(
            marked,
            path,
            "ein Proxy wird als http://rechner:port eingetragen, ohne Pfad und Zugangsdaten",
            "a proxy is entered as http://host:port, without path, user name or password",
        )
    if not allow:
        yield _error(
            marked,
            path,
            "mit einem Proxy ist »network: {allow: [...]}« nötig, denn hinter ihm wird kein Rechner mehr geprüft",
            'with a proxy "network: {allow: [...]}" is needed, for behind it no host is checked any more',
        )
    elif is_local(entry_for(address)) and not is_named(Network(allow=allow), address.host, address.port):
        yield _hint(
            marked,
            path,
            f'der Proxy {address.authority} liegt im internen Netz und braucht einen Eintrag "{address.authority}" unter »network: {{allow: [...]}}«',
            f'the proxy {address.authority} is in a private network and needs an entry "{address.authority}" under "network: {{allow: [...]}}"',
        )


def _address(marked: Marked, source: dict[str, Any], allow: tuple[str, ...]) -> Iterator[LintFinding]:
    """The address of the source, and whether its own allow-list lets it through."""
    url, options = source.get("url"), _part(source, "options")
    if not isinstance(url, str):
        return
    try:
        address = places.host(str(source.get("type")), url, options)
    except FetchError as error:
        yield LintFinding(level="error", line=marked.line(("url",)), message=error.message)
        return
    if address is None:
        return
    if address.credentials:
        yield _error(
            marked,
            ("url",),
            "Zugangsdaten gehören nicht in die Adresse, bitte herausnehmen",
            "user name and password do not belong in the address, please remove them",
        )
    if allow and not is_named(Network(allow=allow), address.host, address.port):
        yield _hint(
            marked,
            ("url",),
            f"der Rechner {address.authority} steht nicht in »network: {{allow: [...]}}«, die Quelle wird so nicht abgerufen",
            f'the host {address.authority} is not in "network: {{allow: [...]}}", so the source will not be fetched',
        )
    if not allow and is_local(f"[{address.host}]" if ":" in address.host else address.host):
        yield _hint(
            marked,
            ("url",),
            f'{address.authority} liegt im eigenen oder internen Netz und braucht eine Zeile network: {{allow: ["{address.authority}"]}}',
            f'{address.authority} is this machine or in a private network and needs a line network: {{allow: ["{address.authority}"]}}',
        )


def _part(source: dict[str, Any], key: str) -> dict[str, Any]:
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def _in(path: Path) -> tuple[str, str]:
    """Where in the file, in both languages: `defaults.publisher`, `datasets[2].title`."""
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    shown = text.removeprefix(".")[:120]
    return (f"in »{shown}«: ", f'in "{shown}": ') if shown else ("", "")


def _error(marked: Marked, path: Path, de: str, en: str) -> LintFinding:
    return LintFinding(level="error", line=marked.line(path), message=Message(de + ".", en + "."))


def _hint(marked: Marked, path: Path, de: str, en: str) -> LintFinding:
    return LintFinding(level="hint", line=marked.line(path), message=Message(de + ".", en + "."))
