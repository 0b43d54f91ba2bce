"""robots.txt: what it asks, read without harm, and what the fetcher makes of it."""

import time

import pytest
import source_site
from hypothesis import given
from hypothesis import strategies as st

from dcat.errors import FetchError, RefusedError
from harvesters.addresses import read_address
from harvesters.fetch import Fetcher, FetchLimits, Network
from harvesters.robots import read_robots


def forbidden(text, path):
    return read_robots(text.encode()).forbidding(path) is not None


# RFC 9309, 5.1 and 5.2, with our name in place of theirs.
EXAMPLE = """\
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: Offenbar
Disallow: /example/page.html

User-Agent: quxbot
"""


@pytest.mark.parametrize(
    ("text", "path", "answer"),
    [
        (EXAMPLE, "/example/page.html", True),
        (EXAMPLE, "/example/other.html", False),
        (EXAMPLE.replace("Offenbar", "nobody"), "/example/other.html", True),
        (EXAMPLE.replace("Offenbar", "nobody"), "/a/b.gif", True),
        (EXAMPLE.replace("Offenbar", "nobody"), "/a/b.gif?x", False),
        ("User-agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif", "/example/page/a.gif", False),
        (
            "User-agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif",
            "/example/page/disallowed.gif",
            True,
        ),
        ("User-agent: *\nDisallow: /a/b\nAllow: /a", "/a/b", True),
        ("User-agent: *\nDisallow: /", "/", True),
        ("User-agent: *\nDisallow: /", "/robots.txt", False),
        ("User-agent: *\nDisallow:", "/", False),
        ("User-agent: *\nDisallow: /daten\nAllow: /daten", "/daten/a", False),
        (
            "User-agent: offenbar\nDisallow: /a\nUser-agent: *\nDisallow: /\nUser-agent: offenbar/1.0\nDisallow: /b",
            "/b",
            True,
        ),
        ("User-agent: offenbar\nDisallow: /a\nUser-agent: *\nDisallow: /", "/c", False),
        ("User-agent: offenbar\n\nUser-agent: *\nDisallow: /", "/c", True),
        ("\ufeffUSER-AGENT : *  # alle\r\nDISALLOW : /geheim # nicht\r\n", "/geheim/x", True),
        ("Disallow: /", "/", False),
        ("User-agent: *\nDisallow: /b%C3%A4ume", "/b%c3%a4ume/x", True),
        ("User-agent: *\nDisallow: /bäume", "/b%C3%A4ume", True),
        ("User-agent: *\nDisallow: /a*b*c$", "/axxbxxc", True),
        ("User-agent: *\nDisallow: /a*b*c$", "/axxbxxcx", False),
        ("User-agent: *\nDisallow: /ab*b$", "/ab", False),
        ("User-agent: *\nDisallow: /x$", "/x/y", False),
        ("<html><body>404</body></html>", "/", False),
    ],
)
def test_rules(text, path, answer):
    assert forbidden(text, path) == answer


def test_the_line_is_known():
    rule = read_robots(b"# Amt\nUser-agent: *\n  Disallow: /intern/  # bitte nicht\n").forbidding("/intern/a")
    assert rule is not None
    assert (rule.number, rule.line) == (3, "Disallow: /intern/  # bitte nicht")


@pytest.mark.parametrize(
    ("value", "delay"),
    [("7", 7.0), ("0.5", 0.5), ("²", 0.0), ("9" * 5000, 0.0), ("nan", 0.0), ("-1", 0.0), ("1e9", 0.0)],
)
def test_delays(value, delay):
    assert read_robots(f"User-agent: *\nCrawl-delay: {value}\n".encode()).delay == delay


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes(body, path):
    read_robots(b"User-agent: *\n" + body).forbidding(path)


@given(
    st.lists(st.sampled_from(["User-agent: *", "User-agent: offenbar", "Allow: /a*", "Disallow: *a$", "Disallow: /"]))
)
def test_any_lines(lines):
    read_robots("\n".join(lines).encode()).forbidding("/a/a?a")


def test_patterns_that_would_stall_a_backtracking_matcher():
    lines = ["User-agent: *", *["Disallow: /" + "*a" * 900 + "b$"] * 300]
    rules = read_robots("\n".join(lines).encode())
    assert rules.forbidding("/" + "a" * 4000) is None
    assert len(read_robots(b"User-agent: *\n" + b"Disallow: /x\n" * 100_000).rules) < 5000


# The fetcher


@pytest.fixture
def site():
    with source_site.running() as running:
        running.put("/daten/", "<a href='a.csv'>a</a>", "text/html")
        running.put("/daten/a.csv", "a\n1\n", "text/csv")
        yield running


class Clock:
    def __init__(self):
        self.now = time.monotonic()
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(round(seconds, 3))
        self.now += seconds


def fetcher(clock=None, **limits):
    clock = clock or Clock()
    return Fetcher(
        Network(allow=("127.0.0.1",)),
        FetchLimits(**limits),
        polite=True,
        clock=clock,
        sleep=clock.sleep,
        agent="offenbar/0",
    )


def asked(site):
    return [path for path, _ in site.seen]


def test_a_refusal_names_the_line(site):
    site.put("/robots.txt", "User-agent: *\nDisallow: /daten/a\n", "text/plain")
    with fetcher() as polite:
        assert polite.get(site.url("/daten/")).status == 200
        with pytest.raises(RefusedError) as caught:
            polite.get(site.url("/daten/a.csv"))
    assert caught.value.code == "robots"
    assert "Zeile 2: Disallow: /daten/a" in caught.value.message.de
    assert "network: {robots: false}" in caught.value.message.en
    assert asked(site) == ["/robots.txt", "/daten/"], "asked once, and nothing beyond it"


def test_it_counts_for_files_and_redirects(site, tmp_path):
    site.put("/robots.txt", "User-agent: *\nDisallow: /daten/a\n", "text/plain")
    site.put("/weiter", "", "text/plain", status=302, location="/daten/a.csv")
    with fetcher() as polite:
        for call in (
            lambda: polite.download(site.url("/daten/a.csv"), tmp_path / "a.csv"),
            lambda: polite.get(site.url("/weiter")),
            lambda: polite.probe(site.url("/daten/a.csv")),
        ):
            with pytest.raises(FetchError) as caught:
                call()
            assert caught.value.code == "robots"


def test_who_is_not_polite_does_not_ask(site):
    with Fetcher(Network(allow=("127.0.0.1",))) as plain:
        plain.get(site.url("/daten/"))
    assert asked(site) == ["/daten/"]


@pytest.mark.parametrize("status", [404, 403, 500])
def test_without_rules_everything_may_be_read(site, status):
    site.put("/robots.txt", "User-agent: *\nDisallow: /", "text/plain", status=status)
    with fetcher() as polite:
        assert polite.get(site.url("/daten/")).status == 200


def test_an_endless_file_is_no_rule(site):
    site.put("/robots.txt", "User-agent: *\nDisallow: /\n" + "#" * 500_000, "text/plain")
    with fetcher() as polite:
        assert polite.get(site.url("/daten/")).status == 200


def test_the_rules_are_read_again_after_a_day(site):
    clock = Clock()
    with fetcher(clock) as polite:
        polite.get(site.url("/daten/"))
        site.put("/robots.txt", "User-agent: *\nDisallow: /\n", "text/plain")
        polite.get(site.url("/daten/"))
        clock.now += 86_401
        with pytest.raises(FetchError):
            polite.get(site.url("/daten/"))


@pytest.mark.parametrize(
    ("delay", "rate", "waits"), [("2", 0.0, 2.0), ("86400", 0.0, 10.0), ("2", 0.25, 4.0), ("2", 5.0, 2.0)]
)
def test_the_delay_is_kept_within_limits(site, delay, rate, waits):
    site.put("/robots.txt", f"User-agent: *\nCrawl-delay: {delay}\n", "text/plain")
    clock = Clock()
    with fetcher(clock, rate=rate) as polite:
        for _ in range(3):
            polite.get(site.url("/daten/"))
    assert clock.slept[-2:] == [waits, waits]


def test_rules_of_each_host_and_port(site):
    with source_site.running() as other, fetcher() as polite:
        other.put("/robots.txt", "User-agent: *\nDisallow: /\n", "text/plain")
        assert polite.rules(read_address(other.url("/"))).forbidding("/x")
        assert not polite.rules(read_address(site.url("/"))).forbidding("/x")
