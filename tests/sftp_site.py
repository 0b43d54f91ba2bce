"""A department's SFTP server on loopback: paramiko's server classes over real sockets, on a folder of the test's own."""

import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

USER, PASSWORD = "ernte", "Größe 7"


def new_key(kind: str = "ed25519") -> paramiko.PKey:
    """Make a key of a kind."""
    if kind == "rsa":
        return paramiko.RSAKey.generate(2048)
    if kind == "ecdsa":
        return paramiko.ECDSAKey.generate()
    made = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return paramiko.Ed25519Key.from_private_key(io.StringIO(made.decode()))


class Site:
    """`folder` is what it serves as `/`; `logins` are the users that asked, `connections` how many came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key: paramiko.PKey = new_key()
        self.further_keys: tuple[paramiko.PKey, ...] = ()
        self.user_key: paramiko.PKey | None = None
        self.logins: list[str] = []
        self.requests: list[str] = []
        self.connections = 0
        self.pause = 0.0
        self.denied: set[str] = set()
        self.before_read: Callable[[str], None] = lambda path: None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._transports: list[paramiko.Transport] = []
        self._stopped = False

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def host_key(self) -> str:
        return f"{self.key.get_name()} {self.key.get_base64()}"

    def url(self, path: str = "/") -> str:
        return f"sftp://{self.host}{path}"

    def serve(self) -> None:
        while not self._stopped:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            transport = paramiko.Transport(connection)
            self._transports.append(transport)
            for key in (self.key, *self.further_keys):
                transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, site=self)
            with suppress(paramiko.SSHException, EOFError, OSError):
                transport.start_server(event=threading.Event(), server=_Server(self))

    def hang_up(self) -> None:
        """Close every connection, as servers do with idle ones."""
        transports, self._transports = self._transports, []
        for transport in transports:
            transport.close()

    def stop(self) -> None:
        self._stopped = True
        # Whoever waits in accept is woken.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()


class _Server(paramiko.ServerInterface):
    def __init__(self, site: Site) -> None:
        self.site = site

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self.site.logins.append(username)
        known = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.site.logins.append(username)
        known = username == USER and self.site.user_key is not None and key == self.site.user_key
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: Any, *, site: Site) -> None:
        super().__init__(server)
        self.site = site

    def _path(self, path: str) -> str:
        return f"{self.site.folder}{self.canonicalize(path)}"

    def _asked(self, what: str, path: str) -> str:
        self.site.requests.append(f"{what} {path}")
        time.sleep(self.site.pause)
        return self._path(path)

    def list_folder(self, path: str) -> Any:
        try:
            return [
                paramiko.SFTPAttributes.from_stat(entry.stat(follow_symlinks=False), entry.name)
                for entry in os.scandir(self._asked("list", path))
            ]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(Path(self._path(path)).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def lstat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(os.lstat(self._asked("lstat", path)))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def open(self, path: str, flags: int, attr: Any) -> Any:
        self.site.before_read(path)
        if path in self.site.denied:
            return paramiko.SFTP_PERMISSION_DENIED
        try:
            file = Path(self._asked("open", path)).open("rb")  # noqa: SIM115 - the handle closes it
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        handle = _Handle(flags)
        handle.readfile = file
        return handle


class _Handle(paramiko.SFTPHandle):
    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    site = Site(folder)
    thread = threading.Thread(target=site.serve)
    thread.start()
    try:
        yield site
    finally:
        site.stop()
        thread.join()
