"""Data Packages (specs.frictionlessdata.io): a datapackage.json beside the files it describes becomes one dataset."""

import re
from typing import Any
from urllib.parse import unquote

import orjson

from dcat import dates, iri
from dcat.errors import FetchError, UnreadableError
from dcat.message import Message
from dcat.model import Agent, Contact, Dataset, Distribution, Problem, Reading, Text
from dcat.vocabularies import concepts, vocabulary
from harvesters import places
from harvesters.base import Page
from harvesters.decode import decode
from harvesters.dropped_file import distribution, readable

NAME = "datapackage.json"
MAX_RESOURCES = 10_000


def read_package(page: Page, remote_id: str, source_id: str) -> Reading:
    """Map a data package to one dataset; UnreadableError with the next step for what is none."""
    try:
        package = orjson.loads(decode(page.body, page.charset).text)
        if not isinstance(package, dict) or not isinstance(package.get("resources"), list):
            raise TypeError("resources")
    except (orjson.JSONDecodeError, TypeError) as error:
        raise UnreadableError(
            Message(
                f"{page.url} ist kein Datenpaket: {error}. Nächster Schritt: JSON mit „resources“ ablegen.",
                f"{page.url} is no data package: {error}. Next step: put down JSON with “resources”.",
            )
        ) from error
    problems: list[Problem] = []
    resources = package["resources"][:MAX_RESOURCES]
    if (count := len(package["resources"])) > MAX_RESOURCES:
        message = Message(
            f"{page.url} nennt {count} Ressourcen; gelesen werden {MAX_RESOURCES}.",
            f"{page.url} names {count} resources; {MAX_RESOURCES} are read.",
        )
        problems.append(Problem(path="resources", code="too-many", value=str(count), message=message))
    license_uri = _package_license(package)
    distributions = [d for r in resources if (d := _resource(r, page.url, license_uri, problems))]
    title = _text(package.get("title")) or _text(package.get("name")) or (Text(readable(remote_id), "de"),)
    publisher = _contributor(package, "publisher")
    contact = _package_contact(package)
    dataset = Dataset(
        identifier=(str(package["id"]) if package.get("id") else f"{source_id}/{remote_id}",),
        title=title,
        description=_text(package.get("description")),
        keyword=tuple(Text(str(k), "de") for k in _list(package.get("keywords"))[:1000]),
        theme=concepts("theme", tuple(str(t) for t in _list(package.get("theme")))),
        frequency="".join(concepts("frequency", (str(package.get("frequency") or ""),))),
        hvd_category=concepts("hvd-category", tuple(str(c) for c in _list(package.get("hvd_category")))),
        publisher=publisher,
        contact_point=(contact,) if contact else (),
        issued=dates.cleaned(str(package.get("created") or "")),
        modified=dates.cleaned(str(package.get("updated") or package.get("modified") or "")),
        version=str(package.get("version") or ""),
        landing_page=tuple(u for u in [iri.cleaned(str(package.get("homepage") or ""))] if u),
        distribution=tuple(distributions),
    )
    return Reading(dataset=dataset, problems=tuple(problems))


def _resource(resource: Any, url: str, license_uri: str, problems: list[Problem]) -> Distribution | None:
    path = resource.get("path") if isinstance(resource, dict) else None
    if isinstance(path, list) and path:
        if len(path) > 1:
            problems.append(Problem(path="resources", code="parts", value=str(path)[:500], message=_in_parts(url)))
        path = path[0]
    link = _address(url, path) if isinstance(path, str) and _is_inside(path) else ""
    if not link:
        message = Message(
            f"Eine Ressource in {url} hat keinen brauchbaren „path“.", f"A resource in {url} has no usable “path”."
        )
        problems.append(Problem(path="resources", code="no-path", value=str(path)[:500], message=message))
        return None
    return distribution(
        link,
        title=_text(resource.get("title")),
        description=_text(resource.get("description")),
        license_uri=_package_license(resource) or license_uri,
    )


def _address(url: str, path: str) -> str:
    """Give the address of a resource; empty where it leads nowhere."""
    if places.scheme(url) not in places.TYPES or iri.is_web(path.strip()):
        link = iri.joined(url, path)
        return link if iri.is_web(link) else ""
    try:
        # Where no web server decodes it, a path is what the file is called.
        link = places.below(url.rpartition("/")[0] + "/", path.strip().removeprefix("./"))
        return "" if places.read_place(link).is_folder else link
    except (ValueError, FetchError):
        return ""


def _is_inside(path: str) -> bool:
    """A path is a whole address or stays inside the package's folder (Data Package, resource path)."""
    below = path.strip()
    return bool(below) and (iri.is_web(below) or (below[0] != "/" and ".." not in re.split(r"[/\\]", unquote(below))))


def _in_parts(url: str) -> Message:
    return Message(
        f"Eine Ressource in {url} besteht aus mehreren Dateien; verlinkt wird nur die erste.",
        f"A resource in {url} consists of several files; only the first is linked.",
    )


def _package_license(holder: dict[str, Any]) -> str:
    for entry in _list(holder.get("licenses")):
        if isinstance(entry, dict):
            for key in ("name", "path", "title"):
                concept = vocabulary("license").find(str(entry.get(key) or "-"))
                if concept:
                    return concept.uri
    return ""


def _contributor(package: dict[str, Any], role: str) -> Agent | None:
    for entry in _list(package.get("contributors")):
        if isinstance(entry, dict) and role in (entry.get("role"), *_list(entry.get("roles"))) and entry.get("title"):
            return Agent(name=(Text(str(entry["title"]), "de"),))
    return None


def _package_contact(package: dict[str, Any]) -> Contact | None:
    for entry in _list(package.get("contributors")):
        if isinstance(entry, dict) and "@" in str(entry.get("email") or ""):
            return Contact(name=str(entry.get("title") or ""), email=str(entry["email"]))
    return None


def _text(value: Any) -> tuple[Text, ...]:
    if isinstance(value, dict):
        return tuple(Text(str(text), str(lang)) for lang, text in value.items() if text)
    return (Text(value.strip(), "de"),) if isinstance(value, str) and value.strip() else ()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
