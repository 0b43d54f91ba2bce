"""The way to a source: its login, its proxy, and who says that it asks."""

import socket
import ssl
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import misbehaving
import ports
import pytest
import trustme

from dcat.errors import FetchError
from harvesters.fetch import Fetcher, FetchLimits, Network
from harvesters.network import Credentials

BASIC = Credentials(user="ämt", password="ge:heim")
BEARER = Credentials(token="abc.def")


@pytest.fixture(scope="module")
def shared():
    with misbehaving.running() as server:
        yield server


@pytest.fixture
def server(shared):
    shared.seen.clear()
    return shared


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def secure(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("a.example", "b.example").configure_cert(context)
    with misbehaving.running(context) as running:
        yield running


def tls(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def to_loopback(host, port):
    return ["127.0.0.1"]


def sent(server):
    return [headers.get("Authorization") for _, headers in server.seen]


# Login


@pytest.mark.parametrize(("credentials", "header"), [(BASIC, "Basic w6RtdDpnZTpoZWlt"), (BEARER, "Bearer abc.def")])
def test_the_login_goes_to_the_own_host_alone(secure, authority, credentials, header):
    home = f"a.example:{secure.port}"
    network = Network(allow=("a.example", "b.example"), home=home)
    with Fetcher(network, credentials=credentials, resolve=to_loopback, tls=tls(authority)) as fetcher:
        fetcher.get(f"https://{home}/page")
        fetcher.get(f"https://{home}/to?https://b.example:{secure.port}/page")
        fetcher.get(f"https://b.example:{secure.port}/page")
    assert sent(secure) == [header, header, None, None]


def test_the_login_stays_on_its_port(server):
    with misbehaving.running() as other:
        network = Network(allow=("127.0.0.1",), home=f"127.0.0.1:{server.port}")
        with Fetcher(network, credentials=BEARER) as fetcher:
            fetcher.get(server.url(f"/to?{other.url('/page')}"))
        assert sent(other) == [None]
    assert sent(server) == ["Bearer abc.def"]


def test_signatures_stay_with_their_host(server):
    with misbehaving.running() as other, Fetcher(Network(allow=("127.0.0.1",))) as fetcher:
        fetcher.get(server.url(f"/to?{server.url('/page')}"), headers={"Authorization": "AWS4 abc"})
        fetcher.get(server.url(f"/to?{other.url('/page')}"), headers={"Authorization": "AWS4 abc"})
        assert sent(other) == [None]
    assert sent(server) == ["AWS4 abc"] * 3


def test_no_login_without_encryption_unless_the_network_is_trusted(server):
    home = f"a.example:{server.port}"
    with Fetcher(Network(home=home), credentials=BASIC, resolve=to_loopback) as fetcher:
        with pytest.raises(FetchError) as caught:
            fetcher.get(f"http://{home}/page")
        assert caught.value.code == "login"
        assert f'network: {{allow: ["{home}"]}}' in caught.value.message.de
    assert not server.seen
    with Fetcher(Network(allow=(home,), home=home), credentials=BASIC, resolve=to_loopback) as fetcher:
        fetcher.get(f"http://{home}/page")
    assert sent(server) == ["Basic w6RtdDpnZTpoZWlt"]


def test_secrets_are_not_shown():
    assert "heim" not in repr(BASIC) and "abc" not in repr(BEARER)


def test_robots_txt_and_login(server):
    network = Network(allow=("127.0.0.1",), home=f"127.0.0.1:{server.port}")
    with Fetcher(network, credentials=BEARER, polite=True) as fetcher:
        fetcher.get(server.url("/page"))
    assert [path for path, _ in server.seen] == ["/robots.txt", "/page"]


# Who asks


@pytest.mark.parametrize("contact", ["", "opendata@example.org"])
def test_from(server, contact):
    with Fetcher(Network(allow=("127.0.0.1",)), contact=contact) as fetcher:
        fetcher.get(server.url("/page"))
    assert server.seen[0][1].get("From", "") == contact


# Proxy


class Proxy:
    """A proxy on loopback that leads every host to this machine, and remembers what it was asked."""

    def __init__(self, refuse=False):
        self.refuse = refuse
        self.asked = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self):
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"STOP\r\n\r\n")
        self._thread.join()
        self._socket.close()

    def _serve(self):
        workers = []
        while True:
            client, _ = self._socket.accept()
            head = b""
            while b"\r\n\r\n" not in head and (got := client.recv(4096)):
                head += got
            if head.startswith(b"STOP"):
                client.close()
                break
            workers.append(threading.Thread(target=self._answer, args=(client, head)))
            workers[-1].start()
        for worker in workers:
            worker.join()

    def _answer(self, client, head):
        line = head.split(b"\r\n", 1)[0].decode()
        method, target, _ = line.split(" ")
        self.asked.append(f"{method} {target}")
        with client:
            if self.refuse:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            port = int(target.rpartition(":")[2]) if method == "CONNECT" else urlsplit(target).port
            with socket.create_connection(("127.0.0.1", port)) as there:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                else:
                    path = target.split("/", 3)[3]
                    there.sendall(head.replace(target.encode(), b"/" + path.encode(), 1))
                back = threading.Thread(target=self._copy, args=(there, client))
                back.start()
                self._copy(client, there)
                back.join()

    @staticmethod
    def _copy(source, target):
        try:
            while got := source.recv(65536):
                target.sendall(got)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@contextmanager
def proxy(**fields):
    running = Proxy(**fields)
    try:
        yield running
    finally:
        running.close()


def through(running, *allow, home="", **fields):
    network = Network(allow=allow, home=home, proxy=f"http://127.0.0.1:{running.port}")
    return Fetcher(network, FetchLimits(retries=0, read=5), **fields)


def nobody(host, port):
    assert host == "127.0.0.1", "names are looked up by the proxy"
    return ["127.0.0.1"]


def test_a_proxy(server, secure, authority):
    with proxy() as running:
        allow = ("127.0.0.1", "a.example")
        with through(running, *allow, resolve=nobody, tls=tls(authority)) as fetcher:
            assert fetcher.get(f"http://a.example:{server.port}/data.json?a=b").body == misbehaving.PAGE
            assert fetcher.get(f"https://a.example:{secure.port}/page").body == misbehaving.PAGE
            assert fetcher.get(f"https://a.example:{secure.port}/gzipped").body == misbehaving.PAGE
    assert running.asked == [
        f"GET http://a.example:{server.port}/data.json?a=b",
        f"CONNECT a.example:{secure.port}",
    ]
    assert server.seen[0][1]["Host"] == f"a.example:{server.port}"


def test_behind_a_proxy_the_allow_list_decides(server, authority):
    with proxy() as running:
        with through(running, "127.0.0.1", "a.example") as fetcher:
            with pytest.raises(FetchError) as caught:
                fetcher.get(f"http://b.example:{server.port}/page")
            assert caught.value.code == "not-allowed"
            with pytest.raises(FetchError) as caught:
                fetcher.get(f"http://a.example:{server.port}/to?http://169.254.169.254/latest/")
            assert caught.value.code == "not-allowed"
        everywhere = Network(allow=("127.0.0.1",), anywhere=True, proxy=f"http://127.0.0.1:{running.port}")
        with Fetcher(everywhere) as fetcher, pytest.raises(FetchError) as caught:
            fetcher.get(f"http://b.example:{server.port}/page")
        assert caught.value.code == "not-allowed", "links behind a proxy are asked where the source may go anyway"
    assert running.asked == [f"GET http://a.example:{server.port}/to?http://169.254.169.254/latest/"]


def test_a_private_proxy_must_be_named(server):
    with proxy() as running:
        with through(running, "a.example") as fetcher, pytest.raises(FetchError) as caught:
            fetcher.get(f"http://a.example:{server.port}/page")
        assert caught.value.code == "private-address"
        assert f'"127.0.0.1:{running.port}"' in caught.value.message.de
    assert not running.asked


def test_a_proxy_that_is_not_there_or_refuses(authority):
    port = ports.free()
    network = Network(allow=("127.0.0.1", "a.example"), proxy=f"http://127.0.0.1:{port}")
    with Fetcher(network, FetchLimits(retries=0)) as fetcher:
        for scheme in ("http", "https"):
            with pytest.raises(FetchError) as caught:
                fetcher.get(f"{scheme}://a.example/")
            assert (caught.value.code, f"127.0.0.1:{port}" in caught.value.message.en) == ("proxy", True)
    with proxy(refuse=True) as running, through(running, "127.0.0.1", "a.example", tls=tls(authority)) as fetcher:
        with pytest.raises(FetchError) as caught:
            fetcher.get("https://a.example/")
        assert (caught.value.code, "407" in caught.value.message.en) == ("proxy", True)


def test_a_login_is_not_told_to_the_proxy(secure, authority):
    home = f"a.example:{secure.port}"
    fields = {"home": home, "credentials": BEARER, "tls": tls(authority)}
    with proxy() as running, through(running, "127.0.0.1", "a.example", **fields) as fetcher:
        fetcher.get(f"https://{home}/page")
    assert sent(secure) == ["Bearer abc.def"]
    assert running.asked == [f"CONNECT {home}"]
