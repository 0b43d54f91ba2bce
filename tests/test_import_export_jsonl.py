"""What `ckanapi dump` writes loads here and back: without loss, again without change, line by line with its errors."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import command_line
import homes
import pytest
from command_line import Run

from catalog.instance import Instance
from catalog.package_import import MAX_LINE

ORGANIZATION = {
    "id": "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40021",
    "name": "gruenamt",
    "title": "Grünflächenamt",
    "description": "Pflegt das Grün",
    "image_url": "https://x.example/logo.png",
    "is_organization": True,
    "type": "organization",
    "state": "active",
    "approval_status": "approved",
    "created": "2019-01-01T00:00:00.000000",
}
# As package_show of a CKAN 2.10 with ckanext-scheming gives it.
PACKAGE: dict[str, Any] = {
    "id": "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40011",
    "name": "baeume",
    "title": "Bäume",
    "notes": "Alle\n*Bäume*",
    "author": "Amt",
    "author_email": "amt@example.org",
    "maintainer": None,
    "maintainer_email": None,
    "url": "https://x.example/baeume",
    "version": "1.0",
    "license_id": "dl-zero-de/2.0",
    "type": "dataset",
    "state": "active",
    "private": False,
    "creator_user_id": "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40099",
    "metadata_created": "2019-02-01T10:00:00.123456",
    "metadata_modified": "2020-03-04T05:06:07.000008",
    "owner_org": ORGANIZATION["id"],
    "organization": ORGANIZATION,
    "num_resources": 2,
    "num_tags": 2,
    "relationships_as_object": [],
    "relationships_as_subject": [],
    "groups": [
        {"id": "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40031", "name": "plaene", "title": "Pläne", "description": "Alle Pläne"},
        {"name": "envi", "title": "Umwelt"},
    ],
    "tags": [{"name": "Baum", "display_name": "Baum", "state": "active", "vocabulary_id": None}, {"name": "Grün"}],
    "extras": [{"key": "formel", "value": "=1+1"}, {"key": "spatial", "value": '{"type": "Point"}'}],
    "erfassung": {"art": "Befliegung", "jahre": [2018, 2019]},
    "resources": [
        {
            "id": "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40041",
            "package_id": "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40011",
            "url": "https://x.example/dataset/1/resource/2/download/b.csv",
            "url_type": "upload",
            "name": "Tabelle",
            "description": "mit Koordinaten",
            "format": "CSV",
            "mimetype": "text/csv",
            "size": 1234,
            "hash": "abc",
            "created": "2019-02-01T10:00:00.000000",
            "last_modified": "2019-03-01T10:00:00.000000",
            "position": 0,
            "state": "active",
            "erhebung": "2018",
        },
        {
            "id": "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40042",
            "url": "https://x.example/wms",
            "name": "Karte",
            "format": "WMS",
        },
    ],
}
# What the site decides, and no two sites have in common.
OURS = {
    *(
        "metadata_created",
        "creator_user_id",
        "organization",
        "license_title",
        "license_url",
        "isopen",
        "tags",
        "groups",
    ),
    *("num_resources", "num_tags", "resources", "relationships_as_object", "relationships_as_subject"),
}


def dump(path: Path, *packages: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in packages))
    return path


@pytest.fixture
def offenbar(instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line.runner(monkeypatch, capsys, instance.config.home)


@pytest.fixture(params=["here", "remote"])
def either(
    request: pytest.FixtureRequest,
    instance: Instance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    if request.param == "here":
        yield command_line.runner(monkeypatch, capsys, instance.config.home)
        return
    elsewhere = tmp_path / "elsewhere" / "home"
    with homes.home(elsewhere), command_line.served(instance) as address:
        run = command_line.runner(monkeypatch, capsys, elsewhere, OFFENBAR_TOKEN=command_line.token(instance))
        yield lambda *arguments: run(*arguments, "--site", address)


def counts(done: command_line.Done) -> dict[str, int]:
    return {key: value for key, value in done.data.items() if key != "failed" and value}


def test_nothing_is_lost_that_both_can_hold(either: Run, tmp_path: Path) -> None:
    file = dump(tmp_path / "d.jsonl", PACKAGE)
    done = either("import", "ckan-jsonl", file, "--json")
    assert done.code == 0 and counts(done) == {"created": 1}, done.err
    shown = either("dataset", "show", PACKAGE["id"], "--json").data
    assert {key: shown[key] for key in PACKAGE if key not in OURS} == {
        key: value for key, value in PACKAGE.items() if key not in OURS
    }
    assert [tag["name"] for tag in shown["tags"]] == ["Baum", "Grün"]
    assert sorted((one["name"], one["title"]) for one in shown["groups"]) == [("envi", "Umwelt"), ("plaene", "Pläne")]
    for key in ("id", "name", "title", "description", "image_url"):
        assert shown["organization"][key] == ORGANIZATION[key]
    table, card = shown["resources"]
    given = {**PACKAGE["resources"][0], "url_type": None}
    assert {key: table[key] for key in given} == given, "a file that lies at the other site is a link to it"
    assert (card["url"], card["format"]) == ("https://x.example/wms", "WMS")


def test_a_second_run_changes_nothing(either: Run, tmp_path: Path) -> None:
    file = dump(
        tmp_path / "d.jsonl", PACKAGE, {**PACKAGE, "id": None, "name": "zwei", "resources": [], "private": True}
    )
    assert counts(either("import", "ckan-jsonl", file, "--json")) == {"created": 2}
    before = [either("dataset", "show", name, "--json").data for name in ("baeume", "zwei")]
    assert counts(either("import", "ckan-jsonl", file, "--json")) == {"unchanged": 2}
    assert [either("dataset", "show", name, "--json").data for name in ("baeume", "zwei")] == before
    states = {one["name"]: one["state"] for one in either("dataset", "list", "--json").data}
    assert states == {"baeume": "published", "zwei": "private"}
    dump(file, {**PACKAGE, "title": "Alle Bäume"})
    assert counts(either("import", "ckan-jsonl", file, "--json")) == {"updated": 1}


def test_resources_without_ids_stay_the_same_ones(offenbar: Run, tmp_path: Path) -> None:
    files = [{"url": "https://x.example/a.csv", "name": "a"}, {"url": "https://x.example/a.csv", "name": "b"}]
    same = {"url": "https://x.example/a.csv", "name": "a"}
    file = dump(tmp_path / "d.jsonl", {"name": "eins", "organization": ORGANIZATION, "resources": [*files, same]})
    assert counts(offenbar("import", "ckan-jsonl", file, "--json")) == {"created": 1}
    first = [one["id"] for one in offenbar("dataset", "show", "eins", "--json").data["resources"]]
    assert counts(offenbar("import", "ckan-jsonl", file, "--json")) == {"unchanged": 1}
    dump(file, {"name": "eins", "organization": ORGANIZATION, "resources": [files[1], {**same, "name": "neu"}]})
    assert counts(offenbar("import", "ckan-jsonl", file, "--json")) == {"updated": 1}
    second = [one["id"] for one in offenbar("dataset", "show", "eins", "--json").data["resources"]]
    assert second[0] == first[1] and second[1] not in first


def test_here_and_back(offenbar: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    offenbar(
        "import",
        "ckan-jsonl",
        dump(
            tmp_path / "d.jsonl", PACKAGE, {**PACKAGE, "id": None, "name": "entwurf", "state": "draft", "resources": []}
        ),
    )
    public, everything = tmp_path / "public.jsonl", tmp_path / "all.jsonl"
    assert offenbar("export", "--format", "ckan-jsonl", "-o", public).code == 0
    assert offenbar("export", "--format", "ckan-jsonl", "--all", "-o", everything).code == 0
    assert offenbar("export", "--all").code == 2
    lines = [json.loads(line) for line in public.read_text().splitlines()]
    assert [one["name"] for one in lines] == ["baeume"]
    assert {json.loads(line)["name"] for line in everything.read_text().splitlines()} == {"baeume", "entwurf"}
    first = {one["name"]: one for one in map(json.loads, everything.read_text().splitlines())}

    with homes.home(tmp_path / "second" / "home"):
        other = command_line.runner(monkeypatch, capsys, tmp_path / "second" / "home")
        packed = tmp_path / "all.jsonl.gz"
        packed.write_bytes(gzip.compress(everything.read_bytes()))
        assert counts(other("import", "ckan-jsonl", packed, "--json")) == {"created": 2}
        again = tmp_path / "again.jsonl"
        other("export", "--format", "ckan-jsonl", "--all", "-o", again)
        second = {one["name"]: one for one in map(json.loads, again.read_text().splitlines())}
    for name, package in first.items():
        theirs = {key: value for key, value in second[name].items() if key not in OURS}
        assert theirs == {key: value for key, value in package.items() if key not in OURS}
        without = {"created", "metadata_modified"} if name == "entwurf" else set()
        for mine, other_one in zip(package["resources"], second[name]["resources"], strict=True):
            assert {k: v for k, v in other_one.items() if k not in without} == {
                k: v for k, v in mine.items() if k not in without
            }


def test_every_line_tells_its_own_error_and_the_others_go_on(offenbar: Run, tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    wrong = [
        "kein JSON",
        "[]",
        "",
        '{"title": "ohne Namen"}',
        json.dumps({**PACKAGE, "name": "GROSS"}),
        json.dumps({**PACKAGE, "id": None, "name": "gut", "resources": []}),
        json.dumps({**PACKAGE, "id": None, "name": "falsch", "resources": "x"}),
        json.dumps({**PACKAGE, "id": None, "name": "fremd", "organization": None, "owner_org": "gibt-es-nicht"}),
    ]
    file.write_text("\n".join(wrong))
    done = offenbar("import", "ckan-jsonl", file, "--json")
    assert done.code == 1 and counts(done) == {"created": 1}
    assert [one["line"] for one in done.data["failed"]] == [1, 2, 4, 5, 7, 8]
    assert "Zeile 5" in done.err and "a-z" in done.err
    assert offenbar("import", "ckan-jsonl", tmp_path / "nix.jsonl").code == 2


def test_organisations_and_groups_have_lines_of_their_own(offenbar: Run, tmp_path: Path) -> None:
    group = {"name": "plaene", "title": "Pläne", "is_organization": False, "type": "group", "state": "active"}
    file = dump(tmp_path / "o.jsonl", ORGANIZATION, group)
    assert counts(offenbar("import", "ckan-jsonl", file, "--json")) == {"created": 2}
    assert counts(offenbar("import", "ckan-jsonl", file, "--json")) == {"unchanged": 2}
    dump(file, {**ORGANIZATION, "title": "Grünflächen- und Umweltamt"})
    assert counts(offenbar("import", "ckan-jsonl", file, "--json")) == {"updated": 1}


def test_files_that_break_off(offenbar: Run, tmp_path: Path) -> None:
    whole = gzip.compress((json.dumps(PACKAGE) + "\n").encode() * 3)
    file = tmp_path / "d.jsonl.gz"
    file.write_bytes(whole[: len(whole) - 20])
    broken = offenbar("import", "ckan-jsonl", file)
    assert broken.code == 2 and "nicht zu lesen" in broken.err
    file.write_bytes(b"x" * (MAX_LINE + 2))
    assert offenbar("import", "ckan-jsonl", file).code == 2


def test_ids_are_kept_only_by_those_who_may_choose_them(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from catalog import accounts
    from catalog.access import Capacity

    local = command_line.runner(monkeypatch, capsys, instance.config.home)
    local("import", "ckan-jsonl", dump(tmp_path / "o.jsonl", ORGANIZATION))
    text = command_line.token(instance, "redaktion", admin=False)
    with instance.database.writing() as session:
        account = accounts.require(session, "redaktion")
        accounts.give_role(session, str(ORGANIZATION["id"]), account.id, Capacity.EDITOR)
    file = dump(
        tmp_path / "d.jsonl", {**PACKAGE, "groups": []}, {**PACKAGE, "groups": [], "name": "zwei", "resources": []}
    )
    with homes.home(tmp_path / "x" / "home"), command_line.served(instance) as address:
        run = command_line.runner(monkeypatch, capsys, tmp_path / "x" / "home", OFFENBAR_TOKEN=text)
        assert counts(run("import", "ckan-jsonl", file, "--site", address, "--json")) == {"created": 2}
        assert counts(run("import", "ckan-jsonl", file, "--site", address, "--json")) == {"unchanged": 2}
