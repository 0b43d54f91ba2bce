"""False alarms of the scan for personal data: dismissed with a reason, remembered, taken back; nothing of a held file leaks."""

import datetime
import json
import re
import sys

import homes
import pytest
import sqlalchemy as sa
from homes import define_drop
from source_site import Site
from test_file_checks import download, everything_said, the_file

import cli
from catalog import dismissals
from catalog.dismissals import Dismissed, findings_left
from catalog.ingest import leaving
from catalog.instance import Instance
from catalog.models import FileRow
from catalog.public import FileState
from dcat.errors import ConfigError, NotFoundError
from dcat.message import Message
from validators.report import Finding, Severity

pytestmark = pytest.mark.slow

REASON = "Namen von Künstlern, die in jedem Katalog stehen"
ART = "Nr;Werk;Gestaltung\n1;Brunnen;Erika Mustermann\n2;Tor;Max Probemann\n3;Bank;Anna Beispielmann\n"
MAIL = ART.replace("Brunnen", "erika.mustermann@post.example")


def dropped(instance: Instance, site: Site, body: str, name: str = "kunst.csv", **fields: object):
    source = define_drop(instance, site, **fields)
    site.put_folder("/ablage/", {name: body})
    homes.harvest_and_check(instance, source)
    return source


def held(instance: Instance, *sources: str):
    with instance.database.reading() as session:
        return dismissals.held(session, sources)


def dismiss(instance, source, column="Gestaltung", code="person-name", file="kunst.csv", reason=REASON):
    (verdict, *_) = held(instance)
    with instance.database.writing() as session:
        dismissals.dismiss(session, source, verdict.dataset, file, column, code, author="pia", reason=reason)


def hints(file) -> list[str]:
    return [f["what"]["de"] for f in (file.report or {}).get("findings", ()) if f["severity"] == Severity.HINT]


def test_a_dismissed_alarm_releases_the_file_and_is_told_in_its_report(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, ART)
    assert the_file(instance).state is FileState.HELD
    (verdict,) = held(instance)
    assert (verdict.source, verdict.file, verdict.column, verdict.letter) == ("amt", "kunst.csv", "Gestaltung", "C")
    assert (verdict.code, verdict.count, verdict.share, verdict.confidence) == ("person-name", 3, 1.0, "probable")
    dismiss(instance, source)
    homes.check(instance, source)
    file = the_file(instance)
    assert file.state is FileState.PUBLIC
    assert download(instance, file) == (200, ART.encode())
    (said,) = hints(file)
    assert said.startswith(f"Fehlalarm, verworfen: {REASON}")
    assert held(instance) == []


def test_it_stays_dismissed_when_the_file_changes(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, ART)
    dismiss(instance, source)
    homes.check(instance, source)
    site.change("/ablage/kunst.csv", body=ART.replace("Bank", "Sitzbank").encode())
    homes.harvest_and_check(instance, source)
    assert the_file(instance).state is FileState.PUBLIC
    assert b"Sitzbank" in download(instance, the_file(instance))[1]


def test_a_new_kind_of_alarm_holds_the_file_again(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, ART)
    dismiss(instance, source)
    homes.check(instance, source)
    site.change("/ablage/kunst.csv", body=MAIL.encode())
    homes.harvest_and_check(instance, source)
    assert the_file(instance).state is FileState.HELD
    assert [(one.column, one.code) for one in held(instance)] == [("Werk", "personal-email")]
    assert b"erika" not in everything_said(instance).lower()


def test_one_dismissed_of_two_does_not_release_it(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, MAIL)
    assert len(held(instance)) == 2
    dismiss(instance, source)
    homes.check(instance, source)
    assert the_file(instance).state is FileState.HELD
    assert [one.code for one in held(instance)] == ["personal-email"]
    dismiss(instance, source, column="B", code="personal-email")
    homes.check(instance, source)
    assert the_file(instance).state is FileState.PUBLIC
    assert len(hints(the_file(instance))) == 2


def test_taken_back_it_counts_again(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, ART)
    dismiss(instance, source)
    homes.check(instance, source)
    (shown,) = homes.shown_all(instance)
    with instance.database.writing() as session:
        dismissals.recall(session, source, shown.name, "kunst.csv", "Gestaltung", "person-name")
    homes.check(instance, source)
    assert the_file(instance).state is FileState.HELD
    with instance.database.reading() as session:
        assert dismissals.listed(session) == []


def test_next_years_file_of_a_series_is_the_same_file(instance: Instance, site: Site) -> None:
    rules = {"identity": {"dataset": "strip-suffix:_[0-9]+", "distribution": "strip-suffix:_[0-9]+"}}
    source = dropped(instance, site, ART, "kunst_2025.csv", **rules)
    dismiss(instance, source, file="kunst_2025.csv")
    homes.check(instance, source)
    site.put_folder("/ablage/", {"kunst_2026.csv": ART.replace("Bank", "Sitzbank")})
    homes.harvest_and_check(instance, source)
    assert {
        file.state for shown in homes.shown_all(instance) for file in shown.files if file.name == "kunst_2026.csv"
    } == {FileState.PUBLIC}


@pytest.mark.parametrize("reason", ["", "stimmt nicht", "x" * 19, "  x" + " " * 40, "x" * 2001])
def test_a_reason_says_something(instance: Instance, site: Site, reason: str) -> None:
    source = dropped(instance, site, ART)
    with pytest.raises(ConfigError, match="20"):
        dismiss(instance, source, reason=reason)


@pytest.mark.parametrize(
    "wrong", [{"column": "Werk"}, {"code": "bank-account"}, {"file": "andere.csv"}, {"column": ""}]
)
def test_only_what_holds_a_file_can_be_dismissed(instance: Instance, site: Site, wrong: dict[str, str]) -> None:
    source = dropped(instance, site, ART)
    with pytest.raises(NotFoundError) as caught:
        dismiss(instance, source, **wrong)
    assert "offenbar privacy list amt" in caught.value.message.de


def test_what_is_not_dismissed_cannot_be_taken_back(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, ART)
    with instance.database.writing() as session, pytest.raises(NotFoundError) as caught:
        dismissals.recall(session, source, "kunst", "kunst.csv", "Gestaltung", "person-name")
    assert "--dismissed" in caught.value.message.de


def test_nothing_of_a_held_file_is_public_and_only_columns_are_stored(instance: Instance, site: Site) -> None:
    dropped(instance, site, MAIL)
    said = everything_said(instance)
    for cell in (b"Erika", b"erika", b"Probemann", b"Er\xe2\x80\xa6", b"Gestaltung"):
        assert cell not in said
    with instance.database.reading() as session:
        (row,) = session.scalars(sa.select(FileRow)).all()
        stored = json.dumps([row.report, row.preview, row.newer, row.failure])
    assert "rika" not in stored
    assert "Er\\u2026" not in stored
    assert "Gestaltung" in stored


def test_commands(instance: Instance, site: Site, monkeypatch, capsys) -> None:
    dropped(instance, site, ART)
    (shown,) = homes.shown_all(instance)
    for name, value in homes.environment(instance.config.home, instance.config.database_url).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["offenbar", "--lang", "de", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out + err

    code, text = run("privacy", "list", "--json")
    (listed,) = json.loads(text)
    assert code == 0
    assert (listed["source"], listed["file"], listed["column"], listed["code"], listed["count"]) == (
        "amt",
        "kunst.csv",
        "Gestaltung",
        "person-name",
        3,
    )
    assert "rika" not in text
    where = ("amt", shown.name, "kunst.csv", "Gestaltung", "person-name")
    assert run("privacy", "dismiss", *where, "--reason", "zu kurz")[0] == 2
    code, text = run("privacy", "dismiss", *where, "--reason", REASON, "--author", "pia")
    assert (code, "offenbar harvest run amt" in text) == (0, True)
    dismissed = json.loads(run("privacy", "list", "amt", "--dismissed", "--json")[1])
    assert [(one["author"], one["reason"], one["file"]) for one in dismissed] == [("pia", REASON, "kunst.csv")]
    assert re.search(r"amt: .*kunst\.csv, Gestaltung, person-name\n  pia: ", run("privacy", "list", "--dismissed")[1])
    assert run("privacy", "recall", *where)[0] == 0
    assert run("privacy", "recall", *where)[0] == 2
    assert "Nichts ist verworfen" in run("privacy", "list", "--dismissed")[1]
    assert "Spalte C enthält vermutlich Namen" in run("privacy", "list")[1]


def test_findings_left_touch_their_own_column_and_code_only() -> None:
    nothing = Message("", "")

    def finding(field: str, column: str, code: str) -> Finding:
        return Finding(
            severity=Severity.BLOCKS,
            code=code,
            what=Message("Spalte", "Column"),
            why=nothing,
            fix=nothing,
            field=field,
            column=column,
            examples=("Er…",),
        )

    at = datetime.datetime(2026, 5, 31, tzinfo=datetime.UTC)
    known = [Dismissed(column="Name", code="a", reason="weil", author="pia", at=at)]
    known.append(Dismissed(column="C", code="a", reason="darum", author="pia", at=at))
    given = [finding("Name", "A", "a"), finding("Name", "A", "b"), finding("C", "B", "b"), finding("", "C", "a")]
    left = findings_left(known, given)
    assert [one.severity for one in left] == [Severity.HINT, Severity.BLOCKS, Severity.BLOCKS, Severity.HINT]
    assert left[0].examples == ()
    assert left[1:3] == tuple(given[1:3])
    assert findings_left((), given) == tuple(given)


def test_a_source_takes_its_dismissals_along_to_a_new_name(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, ART)
    dismiss(instance, source)
    (instance.config.sources / "amt.yaml").unlink()
    new = define_drop(instance, site, id="neu")
    with instance.database.writing() as session:
        leaving.rename(session, "amt", new, {"neu": new}, instance.policies())
    with instance.database.reading() as session:
        (row,) = dismissals.listed(session, ["neu"])
        assert (row.reason, dismissals.listed(session, ["amt"])) == (REASON, [])
    homes.check(instance, new)
    assert the_file(instance).state is FileState.PUBLIC
