"""The example departments of a home made by `offenbar demo`: started on loopback whenever that home harvests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dcat.errors import FetchError, StateError
from dcat.message import Message
from examples import server
from harvesters.fetch import Fetcher
from harvesters.network import FetchLimits, Network

MARK = "demo.json"


def port(home: Path) -> int | None:
    """Give the port of the example departments in a home made by demo; None in any other home."""
    mark = home / MARK
    return int(json.loads(mark.read_text(encoding="utf-8"))["port"]) if mark.is_file() else None


@contextmanager
def served(home: Path) -> Iterator[None]:
    """Serve the example departments while something harvests them; does nothing elsewhere, or where they are served already."""
    where = port(home)
    if where is None or _answers(where):
        yield
        return
    try:
        departments = server.start(where)
    except OSError as error:
        raise StateError(
            Message(
                f"Die Beispielämter brauchen Port {where}, und den hat ein anderes Programm. "
                "Nächster Schritt: das andere Programm beenden.",
                f"The example departments need port {where}, which another program holds. Next step: stop that program.",
            )
        ) from error
    with departments:
        yield


def _answers(where: int) -> bool:
    limits = FetchLimits(connect=1, read=2, total=3, retries=0)
    with Fetcher(Network(allow=(f"127.0.0.1:{where}",)), limits) as fetcher:
        try:
            return b'"offenbar"' in fetcher.get(f"http://127.0.0.1:{where}{server.MARK}").body
        except FetchError:
            return False
