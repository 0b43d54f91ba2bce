"""Remote sites: saved with their tokens for nobody else to read, reached over TLS and without redirects, failing in sentences."""

import io
import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import command_line
import desks
import pytest
import trustme
from command_line import Run

from catalog import remote
from catalog.instance import Instance
from catalog.remote import RemoteSite, checked_address
from catalog.site_errors import SiteError
from dcat.errors import ConfigError, FetchError

TOKEN = "offenbar_" + "x" * 40


@pytest.fixture
def offenbar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs commands where no catalogue is set up."""
    return command_line.runner(monkeypatch, capsys, tmp_path / "nothing")


@contextmanager
def answering(
    *answers: tuple[int, dict[str, str], bytes], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A site that gives these answers, one after the other, the last one for ever; and the headers that it was sent."""
    seen: list[dict[str, str]] = []

    class Site(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(dict(self.headers))
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, headers, body = answers[min(len(seen), len(answers)) - 1]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://localhost:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ok(result: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, b'{"success": true, "result": %s}' % result.encode()


def test_saved_sites_are_for_their_owner_only(offenbar: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    assert offenbar("site", "add", "stadt", "https://daten.example.org/").code == 0
    file = tmp_path / "config" / "offenbar" / "sites.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    listed = offenbar("site", "list")
    assert "https://daten.example.org" in listed.out and TOKEN not in listed.out
    shown = offenbar("site", "list", "--json")
    assert shown.data == [{"name": "stadt", "url": "https://daten.example.org", "token": True}]
    file.chmod(0o644)
    refused = offenbar("site", "list")
    assert refused.code == 2 and "chmod 600" in refused.err
    file.chmod(0o600)
    assert offenbar("site", "remove", "stadt").code == 0 and TOKEN not in file.read_text()
    unknown = offenbar("dataset", "list", "--site", "stadt")
    assert unknown.code == 2 and "site add" in unknown.err
    assert offenbar("site", "add", "../x", "https://daten.example.org", "--anonymous").code == 2


def test_a_saved_site_is_worked_on_by_its_name(
    offenbar: Run, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks.office(instance, "gruenamt")
    text = command_line.token(instance)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))
    with command_line.served(instance) as address:
        assert offenbar("site", "add", "stadt", address).code == 0
        assert offenbar("site", "check", "stadt", "--json").data["organizations"] == ["gruenamt"]
        assert offenbar("dataset", "create", "--title", "Bäume", "--site", "stadt").code == 0
        assert [one["state"] for one in offenbar("dataset", "list", "--site", "stadt", "--json").data] == ["draft"]
        assert offenbar("dataset", "list", "--site", "stadt", "--token", "falsch", "--json").data == []


@pytest.mark.parametrize(
    "address",
    ["daten.example.org", "ftp://x.example", "https://", "https://a:b@x.example", "https://x.example/?a=1", ""],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ConfigError):
        checked_address(address)


def test_a_token_is_not_sent_unencrypted() -> None:
    with pytest.raises(ConfigError, match=r"https://daten\.example\.org"):
        RemoteSite("http://daten.example.org", TOKEN)
    assert checked_address("http://daten.example.org") == "http://daten.example.org"
    assert checked_address("http://127.0.0.1:5000/", TOKEN) == "http://127.0.0.1:5000"


def test_a_token_does_not_follow_a_redirect() -> None:
    with (
        answering(ok("[]")) as (elsewhere, seen),
        answering((308, {"Location": f"{elsewhere}/api/3/action/package_list"}, b"")) as (address, _),
        pytest.raises(SiteError, match="redirects"),
    ):
        RemoteSite(address, TOKEN).call("package_list")
    assert seen == []


def test_a_password_file_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine localhost login x password y\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    with answering(ok("[]")) as (address, seen):
        RemoteSite(address, TOKEN).call("package_list")
    assert seen[0]["Authorization"] == TOKEN


def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with answering(ok('["a"]'), tls=context) as (address, _):
        with pytest.raises(FetchError) as refused:
            RemoteSite(address, TOKEN).call("package_list")
        assert refused.value.code == "tls" and "REQUESTS_CA_BUNDLE" in refused.value.message.de
        bundle = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(bundle)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        assert RemoteSite(address, TOKEN).call("package_list") == ["a"]


def test_a_busy_site_is_asked_again() -> None:
    with answering((429, {"Retry-After": "0"}, b""), ok("3")) as (address, seen):
        assert RemoteSite(address).call("package_list") == 3
    assert len(seen) == 2
    with answering((503, {"Retry-After": "0"}, b"")) as (address, seen), pytest.raises(FetchError):
        RemoteSite(address).call("package_list")
    assert len(seen) == 5


def test_what_is_no_catalogue_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in ((200, {}, b"<html>"), (500, {}, b"x"), (200, {}, b"[]"), (413, {}, b"")):
        with answering(answer) as (address, _), pytest.raises(FetchError, match="doctor"):
            RemoteSite(address).call("package_list")
    unknown = (400, {}, b'"Bad request: Action name not known: x"')
    with answering(unknown) as (address, _), pytest.raises(SiteError, match="does not know the action"):
        RemoteSite(address).call("x")
    monkeypatch.setattr(remote, "MAX_ANSWER", 1000)
    with answering(ok('"' + "x" * 2000 + '"')) as (address, _), pytest.raises(FetchError) as large:
        RemoteSite(address).call("package_list")
    assert large.value.code == "size"
    with pytest.raises(FetchError) as nobody:
        RemoteSite("http://127.0.0.1:9").call("package_list")
    assert nobody.value.code == "connection"


def test_validation_errors_come_in_both_languages() -> None:
    body = b'{"success": false, "error": {"__type": "Validation Error", "name": ["Missing value"], "tags": [{}, {"name": ["Must be 2 to 100 characters long"]}]}}'
    with answering((409, {}, body)) as (address, _), pytest.raises(SiteError) as refused:
        RemoteSite(address).call("package_create")
    assert refused.value.message.de == "So geht es nicht: name: fehlt; tags[2].name: braucht 2 bis 100 Zeichen"
    assert "Must be 2 to 100" in refused.value.message.en


def test_completion(offenbar: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_OFFENBAR_COMPLETE" in offenbar("completion", shell).out
    monkeypatch.setenv("_OFFENBAR_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "offenbar dataset publ")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert offenbar().out.strip() == "plain,publish"
    monkeypatch.setenv("COMP_WORDS", "offenbar dat")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert offenbar().out.strip() == "plain,dataset"
