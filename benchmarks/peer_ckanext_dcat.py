# mypy: disable-error-code="import-not-found, no-untyped-call"
"""The peer's side of the measurements, run by the peer's own Python: CKAN and ckanext-dcat are installed there and nowhere else.

measure SETTINGS TURTLE RDFXML    parse and write the datasets of two documents, print the times as JSON
fill SETTINGS TURTLE              create the datasets of a document in the site
serve SETTINGS PORT               serve the site under granian with one worker
"""

import json
import logging
import os
import sys
import time
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ckan import model
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app
from ckan.plugins import toolkit
from ckanext.dcat.processors import RDFParser, RDFSerializer
from granian import Granian
from granian.constants import Interfaces

PROFILES = ["euro_dcat_ap_3"]
FORMATS = ("ttl", "rdf", "jsonld", "nt")
_SETTINGS = "OFFENBAR_BENCHMARK_CKAN"


def application() -> Any:
    """Make the CKAN site whose settings file the environment names."""
    logging.disable(logging.WARNING)
    return make_app(CKANConfigLoader(os.environ[_SETTINGS]).get_config())


def measure(turtle: Path, rdfxml: Path) -> dict[str, Any]:
    """Parse both documents and write what the second holds in every format, one after the other; times are CPU seconds."""
    began, worked = time.perf_counter(), time.process_time()
    parsing, packages = {}, []
    for ending, document in (("ttl", turtle), ("rdf", rdfxml)):
        start = time.process_time()
        packages = _parsed(document, ending)
        parsing[ending] = time.process_time() - start
    writing, triples = {}, 0
    for ending in FORMATS:
        serializer = RDFSerializer(profiles=PROFILES)
        start = time.process_time()
        serializer.serialize_catalog({}, packages, _format=ending)
        writing[ending] = time.process_time() - start
        triples = len(serializer.g)
    return {
        "parsing": parsing,
        "writing": writing,
        "share": (time.process_time() - worked) / (time.perf_counter() - began),
        "count": len(packages),
        "triples": triples,
        "versions": {name: version(name) for name in ("ckan", "ckanext-dcat", "rdflib", "granian")},
    }


def fill(turtle: Path) -> int:
    """Create a document's datasets as the site's own, by the action that harvesters use."""
    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    context = {"user": user, "ignore_auth": True}
    office = toolkit.get_action("organization_create")(dict(context), {"name": "messamt", "title": "Messamt"})
    packages = _parsed(turtle, "ttl")
    for package in packages:
        toolkit.get_action("package_create")(dict(context), {**package, "owner_org": office["id"]})
    model.Session.remove()
    return len(packages)


def serve(port: int) -> None:
    """Serve the site as offenbar is served in the same measurement: granian, one worker, four threads."""
    server = Granian(
        "peer_ckanext_dcat:application",
        factory=True,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=4,
        log_enabled=False,
    )
    server.serve()


def _parsed(document: Path, ending: str) -> list[dict[str, Any]]:
    """Read packages as ckanext-dcat maps them; the names are those a site would have given them."""
    parser = RDFParser(profiles=PROFILES)
    parser.parse(document.read_bytes(), ending)
    packages = list(parser.datasets())
    for number, package in enumerate(packages):
        package.update(id=_id(package["title"]), name=f"dataset-{number}")
        for resource in package["resources"]:
            resource["id"] = _id(resource["uri"])
    return packages


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def main(command: str, settings: str, *arguments: str) -> None:
    """Do one command; what is measured goes to standard output."""
    os.environ[_SETTINGS] = settings
    if command == "serve":
        serve(int(arguments[0]))
        return
    with application()._wsgi_app.test_request_context():
        result: Any = measure(*map(Path, arguments)) if command == "measure" else fill(Path(arguments[0]))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
