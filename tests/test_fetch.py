"""The guarded fetcher against a server that misbehaves."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime
from ipaddress import ip_address

import misbehaving
import ports
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dcat.errors import FetchError, RefusedError
from harvesters.addresses import follow, judge, read_address
from harvesters.fetch import Fetcher, FetchLimits, Network, Validators
from harvesters.headers import read_content_type, read_filename, read_retry_after
from harvesters.network import read_entry

LOOPBACK = Network(allow=("127.0.0.1",))


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(scope="module")
def shared():
    with misbehaving.running() as server:
        yield server


@pytest.fixture
def server(shared):
    shared.seen.clear()
    return shared


@pytest.fixture
def fetcher():
    clock = Clock()
    with Fetcher(LOOPBACK, agent="offenbar/0 (+https://daten.example.org)", sleep=clock.sleep, clock=clock) as made:
        made.test_clock = clock
        yield made


def refused(call, code):
    with pytest.raises(FetchError) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.message.de != caught.value.message.en
    assert caught.value.message.de.endswith((".", "]}"))
    return caught.value


# Answers


def test_page(server, fetcher):
    response = fetcher.get(server.url("/data.json"), accept="application/json")
    assert (response.status, response.body, response.media_type) == (200, misbehaving.PAGE, "application/json")
    assert response.size == len(misbehaving.PAGE)
    assert len(response.sha256) == 64
    assert response.date
    sent = server.seen[0][1]
    assert sent["User-Agent"] == "offenbar/0 (+https://daten.example.org)"
    assert sent["Accept"] == "application/json"
    assert sent["Accept-Encoding"] == "gzip, deflate"
    assert "Cookie" not in sent and "Authorization" not in sent


def test_charset_and_login_page(server, fetcher):
    response = fetcher.get(server.url("/charset"))
    assert (response.media_type, response.charset) == ("text/csv", "iso-8859-1")
    assert fetcher.get(server.url("/login")).media_type == "text/html"


def test_path_with_umlauts_blanks_and_ampersand(server, fetcher):
    fetcher.get(server.url("/geojson/Bäume & Grün[1] 50%/%C3%84.json?q=a b&map=C:\\ms4w#teil"))
    assert server.seen[0][0] == ("/geojson/B%C3%A4ume%20&%20Gr%C3%BCn%5B1%5D%2050%25/%C3%84.json?q=a%20b&map=C:%5Cms4w")


def test_keep_alive(server, fetcher):
    before = server.connections
    started = time.perf_counter()
    for _ in range(200):
        fetcher.get(server.url("/page"))
    assert server.connections == before + 1
    # Each waiting for a delayed acknowledgement, 40 ms, would be eight seconds.
    assert time.perf_counter() - started < 6


def test_connection_survives_redirects_and_errors(server, fetcher):
    before = server.connections
    fetcher.get(server.url("/steps?3"))
    refused(lambda: fetcher.get(server.url("/status?404")), "status")
    fetcher.get(server.url("/gzipped"))
    assert server.connections == before + 1


def test_cookies_are_not_kept(server, fetcher):
    fetcher.get(server.url("/cookie"))
    fetcher.get(server.url("/page"))
    assert "Cookie" not in server.seen[1][1]


@pytest.mark.parametrize("path", ["/gzipped", "/deflated", "/bare-deflated", "/chunked?whole"])
def test_packed(server, fetcher, path):
    assert fetcher.get(server.url(path)).body == misbehaving.PAGE


# Conditional requests


def test_validators(server, fetcher):
    first = fetcher.get(server.url("/conditional"))
    assert first.validators == Validators('"one"', "Wed, 21 Oct 2026 07:28:00 GMT")
    again = fetcher.get(server.url("/conditional"), validators=first.validators)
    assert (again.status, again.body, again.validators) == (304, b"", first.validators)
    assert server.seen[1][1]["If-Modified-Since"] == "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize("validators", [None, Validators()])
def test_304_without_question(server, fetcher, validators):
    refused(lambda: fetcher.get(server.url("/always-304"), validators=validators), "unexpected-304")


# Bad answers


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/truncated", "truncated"),
        ("/chunked?short", "truncated"),
        ("/chunked?bad", "truncated"),
        ("/chunked?negative", "truncated"),
        ("/half-gzip", "truncated"),
        ("/not-gzip", "encoding"),
        ("/brotli", "encoding"),
        ("/bomb", "ratio"),
        ("/two-lengths", "protocol"),
        ("/huge-header", "protocol"),
        ("/many-headers", "protocol"),
        ("/no-http", "protocol"),
        ("/loop", "redirects"),
        ("/steps?6", "redirects"),
        ("/status?202", "status"),
        ("/status?204", "status"),
        ("/status?300", "status"),
        ("/status?401", "status"),
        ("/status?404", "status"),
        ("/status?500", "status"),
    ],
)
def test_bad_answers(server, fetcher, path, code):
    error = refused(lambda: fetcher.get(server.url(path)), code)
    assert error.url.startswith(server.url("/"))
    assert server.url("/") in str(error)


def test_five_redirects_are_fine(server, fetcher):
    assert fetcher.get(server.url("/steps?5")).url == server.url("/steps?0")


@pytest.mark.parametrize("how", ["declared", "unknown"])
def test_too_large(server, how):
    with Fetcher(LOOPBACK, FetchLimits(max_bytes=50_000)) as fetcher:
        error = refused(lambda: fetcher.get(server.url(f"/big?{how}")), "too-large")
    assert "max_bytes" in error.message.de


def test_bomb_below_the_ratio_stops_at_the_limit(server):
    with Fetcher(LOOPBACK, FetchLimits(max_bytes=3_000_000, ratio=5000)) as fetcher:
        refused(lambda: fetcher.get(server.url("/bomb")), "too-large")


@pytest.mark.parametrize("what", ["body", "headers"])
def test_slow_loris(server, what):
    started = time.monotonic()
    with Fetcher(LOOPBACK, FetchLimits(read=0.3, total=0.6)) as fetcher:
        refused(lambda: fetcher.get(server.url(f"/drip?{what}")), "timeout")
    assert 0.5 < time.monotonic() - started < 10


def test_silence(server):
    started = time.monotonic()
    with Fetcher(LOOPBACK, FetchLimits(read=0.2)) as fetcher:
        refused(lambda: fetcher.get(server.url("/silence")), "timeout")
    assert time.monotonic() - started < 10


# Trying again


@pytest.mark.parametrize(("path", "wait"), [("/busy-seconds?3", 3), ("/busy-date", 4)])
def test_retry_after(server, fetcher, path, wait):
    assert fetcher.get(server.url(path)).status == 200
    assert fetcher.test_clock.slept == [wait]


@pytest.mark.parametrize("wait", ["11", "999999999999", "Fri, 31 Dec 2099 23:59:59 GMT"])
def test_retry_after_too_long(server, fetcher, wait):
    refused(lambda: fetcher.get(server.url(f"/busy-seconds?{wait}")), "busy")
    assert not fetcher.test_clock.slept


@pytest.mark.parametrize("path", ["/storm", "/hang-up"])
def test_retries(server, fetcher, path):
    assert fetcher.get(server.url(path)).status == 200
    assert len(server.seen) == 3
    assert len(fetcher.test_clock.slept) == 2


@pytest.mark.parametrize(("status", "code"), [(429, "busy"), (502, "status"), (503, "busy"), (504, "status")])
def test_retries_end(server, fetcher, status, code):
    assert refused(lambda: fetcher.get(server.url(f"/status?{status}")), code).status == status
    assert len(server.seen) == 3


def test_retries_count_in_the_total(server):
    clock = Clock()
    with Fetcher(LOOPBACK, FetchLimits(total=2), sleep=clock.sleep, clock=clock) as fetcher:
        refused(lambda: fetcher.get(server.url("/busy-seconds?3")), "busy")
    assert not clock.slept


def test_nobody_listens(fetcher):
    port = ports.free()
    refused(lambda: fetcher.get(f"http://127.0.0.1:{port}/"), "connection")
    assert len(fetcher.test_clock.slept) == 2


def test_rate(server):
    clock = Clock()
    with Fetcher(LOOPBACK, FetchLimits(rate=2), sleep=clock.sleep, clock=clock) as fetcher:
        for _ in range(3):
            fetcher.get(server.url("/page"))
    assert clock.slept == [0.5, 0.5]


# Redirects


def test_permanent_move_is_reported(server, fetcher):
    response = fetcher.get(server.url("/moved"))
    assert response.moved_to == server.url("/moved-on")
    assert response.url == server.url("/m%C3%B6bel")
    assert fetcher.get(server.url("/steps?2")).moved_to == ""


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://elsewhere.example.org/", "not-allowed"),
        ("//elsewhere.example.org/", "not-allowed"),
        ("http://localhost:1/", "not-allowed"),
        ("http://169.254.169.254/latest/meta-data/", "not-allowed"),
        ("file:///etc/passwd", "scheme"),
        ("ftp://127.0.0.1/x", "scheme"),
        ("http://127.0.0.1\\@elsewhere.example.org/", "bad-url"),
        ("http://[::1/", "bad-url"),
        ("http://127.0.0.1:99999/", "bad-url"),
    ],
)
def test_redirects_out_of_bounds(server, fetcher, target, code):
    refused(lambda: fetcher.get(server.url(f"/to?{target}")), code)


def test_redirect_to_private_address(server):
    found = {"127.0.0.1": ["127.0.0.1"], "intern.example.org": ["10.0.0.7"]}
    network = Network(allow=("127.0.0.1", "intern.example.org:8080"))
    with Fetcher(network, resolve=lambda host, port: found[host]) as fetcher:
        refused(lambda: fetcher.get(server.url("/to?http://intern.example.org/")), "not-allowed")
    network = Network(home="127.0.0.1")
    with Fetcher(network, resolve=lambda host, port: found[host]) as fetcher:
        refused(lambda: fetcher.get(server.url("/page")), "private-address")


# Credentials


def test_credentials_stay_with_their_host(server):
    network = Network(allow=("127.0.0.1", "localhost"))
    with Fetcher(network, resolve=lambda host, port: ["127.0.0.1"]) as fetcher:
        url = server.url(f"/to?{server.url('/page', 'localhost')}").replace("//", "//user:ge%20heim@", 1)
        response = fetcher.get(url)
    assert server.seen[0][1]["Authorization"] == "Basic dXNlcjpnZSBoZWlt"
    assert "Authorization" not in server.seen[1][1]
    assert "@" not in response.url


@pytest.mark.parametrize("path", ["/status?500", "/truncated", "/loop", "/to?http://u:secret@other.example/", "/a\tb"])
def test_credentials_never_shown(server, fetcher, path):
    with pytest.raises(FetchError) as caught:
        fetcher.get(server.url(path).replace("//", "//user:secret@", 1))
    error = caught.value
    assert "secret" not in f"{error!r} {error} {error.message} {error.url}"


# Addresses


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "scheme"),
        ("data.json", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1/", "scheme"),
        ("http://", "bad-url"),
        ("http:///x", "bad-url"),
        ("http://a b/", "bad-url"),
        ("http://127.0.0.1:0/", "bad-url"),
        ("http://127.0.0.1:x/", "bad-url"),
        ("http://127.0.0.1/\r\nX: y", "bad-url"),
        ("http://127.0.0.1\\x/", "bad-url"),
        ("http://127.0.0.1/a\\b", "bad-url"),
        ("http://[fe80::1%25eth0]/", "bad-url"),
        ("http://[::1].example.org/", "bad-url"),
        ("http://ex%61mple.org/", "bad-url"),
        ("http://a..b/", "bad-url"),
        ("http://" + "a" * 64 + ".de/", "bad-url"),
        ("http://example.org/\ud800", "bad-url"),
    ],
)
def test_unusable_addresses(fetcher, url, code):
    refused(lambda: fetcher.get(url), code)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("HTTPS://Daten.Example.ORG./a", "https://daten.example.org/a"),
        ("http://example.org:80", "http://example.org/"),
        ("https://bürger.de/", "https://xn--brger-kva.de/"),
        ("https://straße.de/", "https://xn--strae-oqa.de/"),
        ("http://１２７.0.0.1/", "http://127.0.0.1/"),
        ("http://[0:0:0:0:0:0:0:1]:8080/", "http://[::1]:8080/"),
        ("http://u:p@example.org/?a=[1]&b=%5B", "http://example.org/?a=%5B1%5D&b=%5B"),
        ("http://example.org//evil.example/x", "http://example.org//evil.example/x"),
    ],
)
def test_addresses_are_normalised(url, read):
    assert read_address(url).url == read
    assert read_address(read).url == read


@settings(deadline=None)
@given(st.text(max_size=60))
@example("http://[")
@example("http://\u2100/")
def test_any_text_as_address(text):
    for url in (text, "http://" + text, "http://example.org/" + text):
        try:
            once = read_address(url).url
        except FetchError:
            continue
        assert read_address(once).url == once
        assert once.isascii()


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_as_redirect(text):
    base = read_address("https://user:secret@example.org/a")
    try:
        there = follow(base, text)
    except FetchError:
        return
    assert there.host == "example.org" or not there.credentials


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("8.8.8.8", "public"),
        ("2a01:4f8::1", "public"),
        ("127.0.0.1", "private"),
        ("127.9.9.9", "private"),
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("100.64.0.1", "private"),
        ("::1", "private"),
        ("fd12::1", "private"),
        ("::ffff:127.0.0.1", "private"),
        ("::ffff:8.8.8.8", "public"),
        ("64:ff9b::7f00:1", "private"),
        ("64:ff9b::808:808", "public"),
        ("64:ff9b::a9fe:a9fe", "never"),
        ("2002:0a00:0001::1", "private"),
        ("2002:a9fe:a9fe::", "never"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "never"),
        ("0.0.0.0", "never"),
        ("::", "never"),
        ("169.254.169.254", "never"),
        ("fe80::1%eth0", "never"),
        ("fec0::1", "never"),
        ("224.0.0.1", "never"),
        ("ff02::1", "never"),
        ("255.255.255.255", "never"),
        ("240.0.0.1", "never"),
        ("192.0.2.1", "never"),
        ("198.18.0.1", "never"),
        ("2001:db8::1", "never"),
        ("64:ff9b:1::1", "never"),
        ("::127.0.0.1", "never"),
        ("168.63.129.16", "never"),
        ("100.100.100.200", "never"),
        ("fd00:ec2::254", "never"),
    ],
)
def test_judge(address, verdict):
    assert judge(address) == verdict


@settings(deadline=None)
@given(st.ip_addresses())
def test_judge_is_never_milder_than_the_standard_library(address):
    if judge(str(address)) == "public":
        inner = address
        if address.version == 6:
            inner = address.ipv4_mapped or address.sixtofour or address
            if int(address) >> 32 == 0x64FF9B << 64:
                inner = ip_address(int(address) & 0xFFFFFFFF)
        assert inner.is_global and not inner.is_multicast and not inner.is_reserved
    else:
        assert judge(str(address)) in ("private", "never")


# Headers


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("", ""),
        ("inline", ""),
        ('attachment; filename="baum; 2026.csv"', "baum; 2026.csv"),
        ("attachment; filename=../../etc/passwd", "passwd"),
        ('attachment; filename="C:\\\\temp\\\\x.csv"', "x.csv"),
        ("attachment; filename=x.csv; filename*=UTF-8''B%C3%A4ume.csv", "Bäume.csv"),
        ('attachment; filename="' + "Bäume.csv".encode().decode("latin-1") + '"', "Bäume.csv"),
        ("attachment; filename*=UTF-8''a%00b%0A%E2%80%AEc.csv", "abc.csv"),
        ('attachment; filename=".."', ""),
        ('attachment; filename=".htaccess"', "htaccess"),
        ('attachment; filename="' + "a" * 300 + '.csv"', "a" * 140 + ".csv"),
        ("attachment; filename*=nonsense''%ff", "ÿ"),
        ("attachment; filename*=\x00''a", ""),
        ("attachment; filename*=undefined''a", ""),
    ],
)
def test_filenames(header, name):
    assert read_filename(header) == name


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60))
def test_any_header(text):
    for header in (text, "attachment; filename=" + text, "attachment; filename*=" + text):
        name = read_filename(header)
        assert len(name) <= 150
        assert "/" not in name and "\\" not in name and name not in (".", "..")
    read_content_type(text)
    wait = read_retry_after(text, text, datetime.now(UTC))
    assert wait is None or wait >= 0


# The allow-list


@pytest.mark.parametrize(
    ("allow", "url", "code"),
    [
        (("other.example",), "/page", "not-allowed"),
        (("127.0.0.1:1",), "/page", "not-allowed"),
        (("127.0.0.2",), "/page", "not-allowed"),
        ((), "/page", "private-address"),
    ],
)
def test_not_allowed(server, allow, url, code):
    with Fetcher(Network(allow=allow)) as fetcher:
        error = refused(lambda: fetcher.get(server.url(url)), code)
    assert isinstance(error, RefusedError)
    assert "network: {allow: [" in error.message.de
    assert "127.0.0.1" in error.message.en
    assert not server.seen


def test_the_line_to_enter_works(server):
    with Fetcher(Network(allow=("a.example", "b.example:8080"))) as fetcher:
        error = refused(lambda: fetcher.get(server.url("/page")), "not-allowed")
    assert f'network: {{allow: [a.example, "b.example:8080", "127.0.0.1:{server.port}"]}}' in error.message.de


def test_home_is_allowed_alone():
    calls = []

    def resolve(host, port):
        calls.append(host)
        return ["10.0.0.1"]

    with Fetcher(Network(home="a.example"), resolve=resolve) as fetcher:
        refused(lambda: fetcher.get("http://b.example/"), "not-allowed")
        refused(lambda: fetcher.get("http://a.example/"), "private-address")
    assert calls == ["a.example"]


def test_named_host_with_port(server):
    for allow in (f"127.0.0.1:{server.port}", "127.0.0.1"):
        with Fetcher(Network(allow=(allow,))) as fetcher:
            assert fetcher.get(server.url("/page")).status == 200


def test_ipv6_loopback():
    with Fetcher(Network(allow=("[::1]:1",)), FetchLimits(retries=0)) as fetcher:
        refused(lambda: fetcher.get("http://[::1]:1/"), "connection")
        refused(lambda: fetcher.get("http://[::1]:2/"), "not-allowed")


@pytest.mark.parametrize("address", ["0.0.0.0", "169.254.169.254", "224.0.0.1", "::ffff:169.254.169.254"])
def test_some_addresses_are_never_reached(address):
    with Fetcher(Network(allow=("a.example",)), resolve=lambda host, port: [address]) as fetcher:
        error = refused(lambda: fetcher.get("http://a.example/"), "private-address")
    assert error.url == "http://a.example/"


def test_one_bad_address_among_good_ones():
    with Fetcher(Network(), resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"]) as fetcher:
        refused(lambda: fetcher.get("http://a.example/"), "private-address")


def test_rebinding(server):
    """The name changes its address after the check: the one that was checked is used, and each new connection is checked."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    with Fetcher(Network(allow=("a.example",)), resolve=lambda host, port: answers.pop(0)) as fetcher:
        assert fetcher.get(server.url("/page", "a.example")).status == 200
        assert server.seen[0][1]["Host"] == f"a.example:{server.port}"
        assert len(answers) == 1
        assert fetcher.get(server.url("/chunked?whole", "a.example")).status == 200
        refused(lambda: fetcher.get(server.url("/truncated", "a.example")), "truncated")
        refused(lambda: fetcher.get(server.url("/page", "a.example")), "private-address")


def test_odd_spellings_of_loopback_are_looked_up_and_refused():
    for host in ("2130706433", "0x7f.1", "127.1"):
        with Fetcher(Network()) as fetcher:
            with pytest.raises(FetchError) as caught:
                fetcher.get(f"http://{host}:1/")
            assert caught.value.code in ("private-address", "dns")


def test_unknown_name():
    def resolve(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    for lookup in (resolve, lambda host, port: []):
        with Fetcher(Network(), resolve=lookup) as fetcher:
            refused(lambda: fetcher.get("http://a.example/"), "dns")


def test_environment_is_ignored(server, monkeypatch, tmp_path):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Fetcher(LOOPBACK) as fetcher:
        fetcher.get(server.url("/page"))
    assert "Authorization" not in server.seen[0][1]


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        ("Example.ORG", ("example.org", None)),
        ("example.org:8080", ("example.org", 8080)),
        ("::1", ("::1", None)),
        ("[::1]", ("::1", None)),
        ("[::1]:80", ("::1", 80)),
        ("bürger.de", ("xn--brger-kva.de", None)),
    ],
)
def test_entries(entry, read):
    assert read_entry(entry) == read


@pytest.mark.parametrize(
    "entry", ["", "*", "*.de", "a/b", "http://a", "a:", "a:0", "a:99999", "[::1]x", "10.0.0.0/8", "a b"]
)
def test_bad_entries(entry):
    with pytest.raises(ValueError):
        read_entry(entry)


# Files


def test_download(server, fetcher, tmp_path):
    target = tmp_path / "baum.csv"
    response = fetcher.download(server.url("/file"), target)
    assert target.read_bytes() == misbehaving.PAGE
    assert response.body == b""
    assert response.filename == "Bäume 2026.csv"
    assert [path.name for path in tmp_path.iterdir()] == ["baum.csv"]


@pytest.mark.parametrize("path", ["/truncated", "/bomb", "/status?404", "/loop"])
def test_failed_download_leaves_nothing(server, fetcher, tmp_path, path):
    target = tmp_path / "baum.csv"
    target.write_bytes(b"old")
    with pytest.raises(FetchError):
        fetcher.download(server.url(path), target)
    assert target.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_download_unchanged(server, fetcher, tmp_path):
    target = tmp_path / "baum.csv"
    response = fetcher.download(server.url("/conditional"), target, validators=Validators('"one"'))
    assert response.status == 304
    assert not list(tmp_path.iterdir())


def test_threads_share_a_fetcher(server):
    failures = []
    with Fetcher(LOOPBACK) as fetcher:

        def work():
            for _ in range(20):
                if fetcher.get(server.url("/gzipped")).body != misbehaving.PAGE:
                    failures.append(1)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures
    assert len(server.seen) == 120


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("no openssl command")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            openssl,
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=a.example",
            "-addext",
            "subjectAltName=DNS:a.example",
            "-keyout",
            str(folder / "key.pem"),
            "-out",
            str(folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def secure(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with misbehaving.running(context) as server:
        yield server


def tls_fetcher(certificate=None):
    tls = ssl.create_default_context(cafile=str(certificate / "cert.pem")) if certificate else None
    network = Network(allow=("a.example", "b.example", "127.0.0.1"))
    return Fetcher(network, FetchLimits(read=2), resolve=lambda host, port: ["127.0.0.1"], tls=tls)


def test_tls(secure, certificate):
    url = f"https://a.example:{secure.port}"
    with tls_fetcher(certificate) as fetcher:
        assert fetcher.get(url + "/page").body == misbehaving.PAGE
        assert fetcher.get(url + "/gzipped").body == misbehaving.PAGE
        assert secure.connections == 1
        refused(lambda: fetcher.get(f"{url}/to?http://a.example:{secure.port}/"), "scheme")
        refused(lambda: fetcher.get(f"{url}/truncated"), "truncated")


def test_tls_drip(secure, certificate):
    tls = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    limits = FetchLimits(read=0.3, total=0.6)
    with Fetcher(Network(allow=("a.example",)), limits, resolve=lambda host, port: ["127.0.0.1"], tls=tls) as fetcher:
        refused(lambda: fetcher.get(f"https://a.example:{secure.port}/drip?body"), "timeout")


def test_tls_failures(secure, certificate):
    with tls_fetcher() as fetcher:
        error = refused(lambda: fetcher.get(f"https://a.example:{secure.port}/"), "tls")
        assert "self-signed certificate" in error.message.de.replace("self signed", "self-signed")
    with tls_fetcher(certificate) as fetcher:
        error = refused(lambda: fetcher.get(f"https://b.example:{secure.port}/"), "tls")
        assert "b.example" in error.message.de
    assert not secure.seen


def test_tls_against_a_server_without(server):
    with tls_fetcher() as fetcher:
        refused(lambda: fetcher.get(f"https://a.example:{server.port}/"), "tls")
