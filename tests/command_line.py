"""Runs commands as whoever types them sees it: what they write, how they end; on a home of the test's own."""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import homes
import pytest
from werkzeug.serving import make_server

import cli
from catalog import accounts, tokens
from catalog.app import create_app
from catalog.instance import Instance


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path, **environment: str) -> Run:
    """Make what runs commands on a home; the settings of whoever runs them stand beside it."""
    for name in [name for name in os.environ if name.startswith(("OFFENBAR_", "LC_", "LANG"))]:
        monkeypatch.delenv(name)
    given = homes.environment(home) | {"LANG": "de_DE.UTF-8", "XDG_CONFIG_HOME": str(home.parent / "config")}
    for name, value in (given | environment).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["offenbar", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            cli.main()
        found = capsys.readouterr()
        assert "Traceback" not in found.out + found.err
        code = stop.value.code
        return Done(code if isinstance(code, int) else 0 if code is None else 1, found.out, found.err)

    return run


@contextmanager
def served(instance: Instance) -> Iterator[str]:
    """Serve a catalogue on loopback; gives its address."""
    server = make_server("127.0.0.1", 0, create_app(instance), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def token(instance: Instance, name: str = "leitung", *, admin: bool = True) -> str:
    """Make an account, or find it, and a token of it."""
    with instance.database.writing() as session:
        account = accounts.find(session, name) or accounts.add(session, name, admin=admin)
        return tokens.create(session, account).text
