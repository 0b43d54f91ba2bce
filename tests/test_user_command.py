"""offenbar user, token, audit: what they do, say and refuse, as people and programs call them."""

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cli
from catalog import accounts, audit, organizations, signing_in, tokens
from catalog.access import LOCAL, Capacity, Scope
from catalog.db import now
from catalog.instance import Instance
from catalog.models import Organization
from dcat.errors import ConfigError, NotFoundError, OffenbarError, StateError

ROOT = Path(cli.__file__).parent
PASSWORD = "ein langes Kennwort"
TWICE = f"{PASSWORD}\n{PASSWORD}\n"


@dataclass(frozen=True)
class Done:
    """What a command said."""

    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def offenbar(instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the catalogue; what it refuses is raised."""
    monkeypatch.setenv("OFFENBAR_HOME", str(instance.config.home))
    monkeypatch.setenv("OFFENBAR_SECRET_KEY", instance.config.secret_key)

    def run(*arguments: str, said: str = "", lang: str = "de") -> Done:
        monkeypatch.setattr(sys, "stdin", io.StringIO(said))
        capsys.readouterr()
        cli.offenbar.main(["--lang", lang, *arguments], standalone_mode=False)
        found = capsys.readouterr()
        return Done(found.out, found.err)

    return run


def test_the_first_administrator_and_a_token(instance: Instance, offenbar: Run) -> None:
    done = offenbar("user", "add", "chefin", "--admin", "--email", "Chefin@example.org", said=TWICE)
    assert "chefin" in done.out and PASSWORD not in done.out + done.err
    assert signing_in.sign_in(instance.database, "chefin", PASSWORD) is not None
    found = offenbar("token", "create", "--user", "chefin", "--json").data
    assert set(found) >= {"token"} and found["token"].startswith("offenbar_")
    with instance.database.reading() as session:
        actor = tokens.actor_from(instance, session, {"Authorization": found["token"]})
    assert actor.admin and actor.scopes == set(Scope)
    (listed,) = offenbar("user", "list", "--json").data
    assert listed["name"] == "chefin" and listed["admin"] and listed["email"] == "chefin@example.org"
    assert "password" not in listed and "argon2" not in json.dumps(listed)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "\n\n",
        PASSWORD,
        f"{PASSWORD}\n",
        f"{PASSWORD}\nanders\n",
        "kurz\nkurz\n",
        "x" * 5000 + "\n",
        f"\n{PASSWORD}\n",
    ],
)
def test_without_two_equal_good_passwords_there_is_no_account(instance: Instance, offenbar: Run, said: str) -> None:
    with pytest.raises(ConfigError):
        offenbar("user", "add", "chefin", "--admin", said=said)
    with instance.database.reading() as session:
        assert accounts.accounts(session) == []


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_spaces_and_umlauts_belong_to_the_password(instance: Instance, offenbar: Run, line_end: str) -> None:
    password = " Müßig & größer "
    offenbar("user", "add", "chefin", said=f"{password}{line_end}{password}{line_end}")
    assert signing_in.sign_in(instance.database, "chefin", password) is not None
    assert signing_in.sign_in(instance.database, "chefin", password.strip()) is None


def test_a_terminal_does_not_show_the_password(instance: Instance) -> None:
    here, there = pty.openpty()
    command = [sys.executable, str(ROOT / "cli.py"), "--lang", "de", "user", "add", "chefin", "--json"]
    environment = {
        **os.environ,
        "OFFENBAR_HOME": str(instance.config.home),
        "OFFENBAR_SECRET_KEY": instance.config.secret_key,
    }
    with subprocess.Popen(command, stdin=there, stdout=subprocess.PIPE, stderr=there, env=environment, start_new_session=True) as running:  # fmt: skip
        os.close(there)
        shown = b""
        for prompt in (b"Kennwort: ", b"Noch einmal: "):
            while prompt not in shown:
                shown += os.read(here, 1000)
            os.write(here, PASSWORD.encode() + b"\n")
        assert running.stdout is not None
        made = json.loads(running.stdout.read())
        assert running.wait(20) == 0
    os.close(here)
    assert made["name"] == "chefin" and PASSWORD.encode() not in shown
    assert signing_in.sign_in(instance.database, "chefin", PASSWORD) is not None


def test_as_a_program_calls_it(instance: Instance) -> None:
    environment = {
        **os.environ,
        "OFFENBAR_HOME": str(instance.config.home),
        "OFFENBAR_SECRET_KEY": instance.config.secret_key,
    }

    def called(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "cli.py"), "--lang", "en", *arguments]
        return subprocess.run(command, input=said, capture_output=True, text=True, env=environment, check=False)

    assert called("user", "add", "chefin", "--admin", said=TWICE).returncode == 0
    again = called("user", "add", "chefin", said=TWICE)
    assert again.returncode == 2 and again.stderr.startswith("Error: The account “chefin” exists")
    assert called("token", "create", "--user", "niemand", "--json").returncode == 2
    assert called("token", "create", "--user", "chefin", "--scope", "everything").returncode == 2
    done = called("token", "create", "--user", "chefin", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["token"]


def test_a_new_password_ends_sessions(instance: Instance, offenbar: Run) -> None:
    offenbar("user", "add", "amt", said=TWICE)
    with instance.database.reading() as session:
        before = accounts.require(session, "amt").session_key
    offenbar("user", "password", "amt", said="ein anderes Kennwort\nein anderes Kennwort\n")
    with instance.database.reading() as session:
        assert accounts.require(session, "amt").session_key != before
    assert signing_in.sign_in(instance.database, "amt", "ein anderes Kennwort") is not None
    with pytest.raises(NotFoundError):
        offenbar("user", "password", "niemand", said=TWICE)


def test_roles_are_given_and_taken(instance: Instance, offenbar: Run) -> None:
    offenbar("user", "add", "amt", said=TWICE)
    with instance.database.writing() as session:
        session.add(Organization(id="o-1", name="darmstadt-amt", title="Amt", city="darmstadt", created_at=now()))
    offenbar("user", "role", "amt", "darmstadt-amt", "editor")
    with instance.database.reading() as session:
        holder = organizations.find(session, "darmstadt-amt")
        assert holder is not None
        assert [(a.name, c) for a, c in accounts.members(session, holder.id)] == [("amt", Capacity.EDITOR)]
    offenbar("user", "role", "amt", "o-1", "none")
    with instance.database.reading() as session:
        assert accounts.members(session, "o-1") == []
    with pytest.raises(NotFoundError):
        offenbar("user", "role", "amt", "gibt-es-nicht", "editor")


def test_an_account_is_deleted_but_the_last_administrator(instance: Instance, offenbar: Run) -> None:
    offenbar("user", "add", "chefin", "--admin", said=TWICE)
    offenbar("user", "add", "amt", "--fullname", "Amt für Beispiele", said=TWICE)
    with pytest.raises(StateError):
        offenbar("user", "delete", "chefin")
    offenbar("user", "delete", "amt")
    assert [one["name"] for one in offenbar("user", "list", "--json").data] == ["chefin"]
    with pytest.raises(OffenbarError):
        offenbar("user", "delete", "amt")


def test_who_is_invited_gets_a_link(instance: Instance, offenbar: Run) -> None:
    done = offenbar("user", "add", "amt", "--email", "amt@example.org", "--invite")
    assert "https://daten.example.org/user/reset/" in done.err
    (listed,) = offenbar("user", "list", "--json").data
    assert listed["state"] == "pending"
    with pytest.raises(StateError) as refused:
        offenbar("token", "create", "--user", "amt")
    assert "Einladung" in refused.value.message.de and "invitation" in refused.value.message.en


def test_tokens_are_listed_without_their_text_and_revoked(instance: Instance, offenbar: Run) -> None:
    offenbar("user", "add", "amt", said=TWICE)
    done = offenbar(
        "token", "create", "--user", "amt", "--name", "Lader", "--scope", "read", "--scope", "datasets", "--days", "9"
    )
    text = done.out.strip()
    assert text.startswith("offenbar_") and "Kennwort" in done.err and text not in done.err
    listed = offenbar("token", "list", "--user", "amt", "--json")
    ((token,),) = [listed.data]
    assert token["name"] == "Lader" and token["scopes"] == ["datasets", "read"] and text not in listed.out
    assert "Lader" in offenbar("token", "list").out
    offenbar("token", "revoke", token["id"])
    assert offenbar("token", "list", "--json").data == []
    with pytest.raises(NotFoundError):
        offenbar("token", "revoke", token["id"])


def test_the_log_tells_what_the_command_line_did(instance: Instance, offenbar: Run) -> None:
    offenbar("user", "add", "amt", said=TWICE)
    text = offenbar("token", "create", "--user", "amt").out.strip()
    entries = offenbar("audit", "--json")
    assert [entry["action"] for entry in entries.data] == ["token.create", "account.create"]
    with instance.database.reading() as session:
        assert {entry.account_id for entry, _ in audit.entries(session)} == {LOCAL.id}
    assert text not in entries.out and PASSWORD not in entries.out
    signing_in.sign_in(instance.database, "amt", PASSWORD)
    assert [entry["action"] for entry in offenbar("audit", "--user", "amt", "--json").data] == ["account.login"]
    assert len(offenbar("audit", "--limit", "1", "--json").data) == 1
    assert [entry["action"] for entry in offenbar("audit", "--before", "2", "--json").data] == ["account.create"]
    assert "account.login" in offenbar("audit", lang="en").out
    assert "scopes=accounts,datasets,read,structure" in "".join(offenbar("audit").out.split())
    with pytest.raises(NotFoundError):
        offenbar("audit", "--user", "niemand")
