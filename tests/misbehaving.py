"""A server on loopback that does what servers of departments do on bad days; each path is one misdeed."""

import gzip
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

PAGE = b'{"dataset": []}'


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.tls = tls
        self.seen = []
        self.connections = 0
        self.stopped = threading.Event()

    @property
    def port(self):
        return self.server_address[1]

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def get_request(self):
        self.connections += 1
        return super().get_request()

    def finish_request(self, request, client_address):
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        with self.tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request, client_address):
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        path, _, argument = self.path.partition("?")
        deed = MISDEEDS.get(path, Handler.answer)
        deed(self, unquote(argument)) if argument else deed(self)

    def answer(self, argument="", body=PAGE, status=200, **headers):
        self.send_response(status)
        for name, value in {"content_type": "application/json", "content_length": str(len(body)), **headers}.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, target, status=302):
        self.answer(body=b"moved", status=status, location=target)

    def times(self):
        return sum(path == self.path for path, _ in self.server.seen)

    def conditional(self):
        if self.headers.get("If-None-Match") == '"one"':
            self.answer(body=b"", status=304, content_type=None, content_length=None, etag='"one"')
        else:
            self.answer(etag='"one"', last_modified="Wed, 21 Oct 2026 07:28:00 GMT")

    def forgetful(self):
        self.answer(etag='"one"')

    def always_304(self):
        self.answer(body=b"", status=304, content_length=None)

    def busy_seconds(self, argument="3"):
        self.first_busy(429, argument)

    def busy_date(self):
        now = datetime.now(UTC) + timedelta(hours=2)
        self.first_busy(
            429, format_datetime(now + timedelta(seconds=4), usegmt=True), format_datetime(now, usegmt=True)
        )

    def first_busy(self, status, wait, date=None):
        if self.times() > 1:
            return self.answer()
        self.send_response_only(status)
        if date:
            self.send_header("Date", date)
        self.send_header("Retry-After", wait)
        self.send_header("Content-Length", "0")
        return self.end_headers()

    def storm(self):
        if self.times() > 2:
            self.answer()
        else:
            self.answer(body=b"", status=503)

    def hang_up(self):
        if self.times() > 2:
            self.answer()
        else:
            self.close_connection = True

    def loop(self, argument="0"):
        self.redirect(f"/loop?{(int(argument) + 1) % 3}")

    def steps(self, argument):
        left = int(argument)
        self.redirect(f"/steps?{left - 1}") if left else self.answer()

    def moved(self):
        self.redirect("/moved-on", status=301)

    def moved_on(self):
        self.redirect("/m%C3%B6bel", status=302)

    def to(self, argument):
        self.redirect(argument)

    def gzipped(self):
        self.answer(body=gzip.compress(PAGE[:5]) + gzip.compress(PAGE[5:]), content_encoding="gzip")

    def deflated(self):
        self.answer(body=zlib.compress(PAGE), content_encoding="deflate")

    def bare_deflated(self):
        machine = zlib.compressobj(wbits=-15)
        self.answer(body=machine.compress(PAGE) + machine.flush(), content_encoding="deflate")

    def half_gzip(self):
        self.answer(body=gzip.compress(bytes(range(256)) * 9)[:-12], content_encoding="gzip")

    def not_gzip(self):
        self.answer(content_encoding="gzip")

    def brotli(self):
        self.answer(content_encoding="br")

    def bomb(self):
        machine = zlib.compressobj(9, wbits=31)
        packed = b"".join(machine.compress(bytes(1 << 20)) for _ in range(100)) + machine.flush()
        self.answer(body=packed, content_encoding="gzip")

    def truncated(self):
        self.answer(content_length=str(len(PAGE) + 10))
        self.close_connection = True

    def chunked(self, argument="whole"):
        self.answer(body=b"", content_length=None, transfer_encoding="chunked")
        self.wfile.write(b"f\r\n" + PAGE + b"\r\n")
        if argument == "whole":
            self.wfile.write(b"0\r\n\r\n")
        elif argument == "bad":
            self.wfile.write(b"zz\r\nabc\r\n")
        elif argument == "negative":
            self.wfile.write(b"-1\r\n" + PAGE)
            self.server.stopped.wait(5)
        self.close_connection = argument != "whole"

    def big(self, argument="declared"):
        declared = (
            {"content_length": "100000"} if argument == "declared" else {"content_length": None, "connection": "close"}
        )
        self.answer(body=bytes(100_000), **declared)
        self.close_connection = True

    def drip(self, argument="body"):
        if argument == "body":
            self.answer(body=b"", content_length="100000")
        for _ in range(300):
            if self.server.stopped.wait(0.05):
                return
            self.wfile.write(b"X")
            self.wfile.flush()

    def silence(self):
        self.server.stopped.wait(20)
        self.close_connection = True

    def two_lengths(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde")
        self.close_connection = True

    def huge_header(self):
        self.answer(x_long="a" * 70_000)

    def many_headers(self):
        self.answer(**{f"x_{number}": "a" for number in range(200)})

    def no_http(self):
        self.wfile.write(b"220 mail.example.org ESMTP\r\n")
        self.close_connection = True

    def charset(self):
        self.answer(body="Straße".encode("latin-1"), content_type='Text/CSV; header=present; charset="ISO-8859-1"')

    def login(self):
        self.answer(body=b"<html><form>Anmeldung</form></html>", content_type="text/html")

    def file(self):
        self.answer(content_disposition="attachment; filename*=UTF-8''..%2F..%2Fetc%2FB%C3%A4ume%202026.csv")

    def cookie(self):
        self.answer(set_cookie="session=1")

    def status(self, argument):
        self.answer(status=int(argument))


def _path(name: str) -> str:
    return "/" + name.replace("_", "-")


MISDEEDS: dict[str, Callable[..., None]] = {
    _path(name): deed
    for name, deed in vars(Handler).items()
    if callable(deed) and not name.startswith(("_", "do_", "answer", "redirect", "times", "first", "log_"))
}


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
