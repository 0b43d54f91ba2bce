"""Which addresses of a source we look at ourselves."""

import builders
import pytest

from catalog import publishing
from harvesters.network import Network


@pytest.mark.parametrize(
    ("url", "looked_at"),
    [
        ("https://amt.example/baeume.csv", True),
        ("https://anderswo.example/baeume.csv", False),
        ("ftp://amt.example/baeume.csv", False),
        ("http://amt.example:0/baeume.csv", False),
        ("https://amt.example:99999/x.csv", False),
        ("keine adresse", False),
        ("", False),
    ],
)
def test_odd_addresses_are_not_looked_at_and_stop_nothing(url: str, looked_at: bool) -> None:
    source = builders.source(network=Network(home="amt.example"))
    assert publishing.reachable(source, url) is looked_at
