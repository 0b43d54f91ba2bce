"""Datasets from the command line: here and on a remote site alike, from the first draft to the purge."""

import io
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import command_line
import desks
import homes
import openpyxl
import pytest
from command_line import Run
from databases import KINDS, database_url
from histories import History

from catalog import bulk, bulk_apply, listing
from catalog.access import ANONYMOUS, Actor, Capacity
from catalog.bulk_files import Table
from catalog.instance import Instance
from catalog.sites import Answer, LocalSite

TABLE = "id,ort\n1,Marktplatz\n2,Luisenplatz\n"


@pytest.fixture
def offenbar(instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs commands on a fresh catalogue with one organisation."""
    desks.office(instance, "gruenamt")
    return command_line.runner(monkeypatch, capsys, instance.config.home)


@pytest.fixture(params=["here", "remote"])
def either(
    request: pytest.FixtureRequest,
    instance: Instance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Runs commands on a fresh catalogue: as this installation, or from another one over the network."""
    desks.office(instance, "gruenamt")
    if request.param == "here":
        yield command_line.runner(monkeypatch, capsys, instance.config.home)
        return
    elsewhere = tmp_path / "elsewhere" / "home"
    with homes.home(elsewhere), command_line.served(instance) as address:
        text = command_line.token(instance)
        run = command_line.runner(monkeypatch, capsys, elsewhere, OFFENBAR_TOKEN=text)
        yield lambda *arguments: run(*arguments, "--site", address)


def names(run: Run) -> dict[str, str]:
    return {one["name"]: one["state"] for one in run("dataset", "list", "--json").data}


def test_from_the_first_draft_to_the_purge(either: Run, tmp_path: Path) -> None:
    file = tmp_path / "brunnen_2026.csv"
    file.write_text(TABLE)
    made = either("dataset", "create", "--resource", file, "--tag", "Wasser", "--set", "extras.stand=2026", "--json")
    assert made.code == 0, made.err
    # The organisation is the only one; the title comes from the file, the name from the title, the format from the ending.
    package = made.data
    assert (package["name"], package["title"], package["state"]) == ("brunnen-2026", "Brunnen 2026", "draft")
    assert package["organization"]["name"] == "gruenamt"
    assert [(one["name"], one["format"], one["url_type"]) for one in package["resources"]] == [
        ("brunnen_2026.csv", "CSV", "upload")
    ]
    assert names(either) == {"brunnen-2026": "draft"}
    assert "Entwurf" in either("dataset", "list").out and "Entwurf" in either("dataset", "show", "brunnen-2026").out

    preview = either("dataset", "publish", "brunnen-2026", "--dry-run", "--json").data[0]
    assert preview["blocked"] is False and preview["public"] is False
    assert preview["files"][0]["uploaded"] is True and preview["url"].endswith("/dataset/brunnen-2026")
    added = {one["field"]: (one["value"], one["de"]) for one in preview["computed"]}
    assert added["publisher"] == ("Amt gruenamt", "die Organisation, die ihn schreibt")
    assert added["description"][1] == "keine Beschreibung angegeben"
    assert names(either) == {"brunnen-2026": "draft"}
    asked = either("dataset", "publish", "brunnen-2026")
    assert asked.code == 2 and "--yes" in asked.err and "brunnen_2026.csv" in asked.out
    assert "Öffentlich wird eine Datei:" in asked.out and asked.out.count("Verfügbarkeit") == 1
    assert either("dataset", "publish", "brunnen-2026", "--yes").code == 0
    # Its file waits for its check.
    assert names(either) == {"brunnen-2026": "withheld"}
    assert "schon öffentlich" in either("dataset", "publish", "brunnen-2026", "--yes").err

    changed = either("dataset", "edit", "brunnen-2026", "titel=Brunnen", "keyword=Wasser,Platz", "extras.stand=2027")
    assert changed.code == 0 and "Brunnen 2026 → Brunnen" in changed.out
    shown = either("dataset", "show", "brunnen-2026", "--json").data
    assert shown["title"] == "Brunnen" and [tag["name"] for tag in shown["tags"]] == ["Wasser", "Platz"]
    assert shown["extras"] == [{"key": "stand", "value": "2027"}] and len(shown["resources"]) == 1
    assert len(either("dataset", "history", "brunnen-2026", "--json").data) >= 2

    withdrawn = either("dataset", "withdraw", "brunnen-2026", "--reason", "nennt Personen")
    assert withdrawn.code == 0 and names(either) == {"brunnen-2026": "private"}
    assert either("dataset", "purge", "brunnen-2026", "--reason", "Beschluss").code == 2
    assert either("dataset", "purge", "brunnen-2026", "--reason", "Beschluss", "--yes").code == 0
    assert names(either) == {}


def test_an_office_without_a_source_is_added_and_writes(either: Run) -> None:
    made = either("organization", "add", "Amt für Bäder", "--city", "darmstadt")
    assert made.code == 0 and "--org amt-fuer-baeder" in made.out, made.err
    listed = either("organization", "list", "--json").data
    assert {one["name"]: one["title"] for one in listed} == {
        "gruenamt": "Amt gruenamt",
        "amt-fuer-baeder": "Amt für Bäder",
    }
    assert "Amt für Bäder" in either("organization", "list").out
    assert either("dataset", "create", "--org", "amt-fuer-baeder", "--title", "Becken").code == 0
    again = either("organization", "add", "Amt für Bäder", "--json")
    assert again.code == 2 and "schon vergeben" in again.err
    elsewhere = either("organization", "add", "Amt", "--city", "mars")
    assert elsewhere.code == 2 and "offenbar city list" in elsewhere.err
    unknown = either("dataset", "create", "--org", "badeamt", "--title", "Becken")
    assert unknown.code == 2 and "offenbar organization list" in unknown.err


def test_what_is_not_there_is_named(either: Run) -> None:
    missing = either("dataset", "publish", "gibt-es-nicht")
    assert missing.code == 2 and "„gibt-es-nicht“ gibt es nicht" in missing.err
    assert "“gibt-es-nicht” does not exist" in either("--lang", "en", "dataset", "publish", "gibt-es-nicht").err


def test_fields_go_by_the_words_of_the_check(offenbar: Run) -> None:
    offenbar("dataset", "create", "--title", "Eins")
    changed = offenbar("dataset", "edit", "eins", "kontakt=Grünamt", "kontakt_email=g@amt.example", "kategorie=envi")
    assert changed.code == 0, changed.err
    left = offenbar("dataset", "publish", "eins", "--dry-run").out
    assert "Kontakt" not in left and "Kategorie" not in left


def test_a_dataset_that_was_written_here_is_explained(offenbar: Run) -> None:
    offenbar("dataset", "create", "--title", "Eins", "--publish", "--yes")
    explained = offenbar("dataset", "explain", "eins")
    assert explained.code == 0, explained.err
    assert "geschrieben" in explained.out and "die Organisation, die ihn schreibt" in explained.out
    assert "Quelle" not in explained.out


def test_a_false_alarm_in_a_file_that_was_written_here(offenbar: Run, instance: Instance, tmp_path: Path) -> None:
    file = tmp_path / "vereine.csv"
    people = [f"{first},{last}" for first in ("Anna", "Peter", "Maria") for last in ("Müller", "Schmidt", "Weber")]
    file.write_text("\n".join(["Vorname,Nachname", *people]))
    offenbar("dataset", "create", "--resource", file, "--publish", "--yes")
    desks.check_files(instance)
    held = offenbar("privacy", "list", "--json").data
    assert {one["column"] for one in held} == {"Vorname", "Nachname"}
    for one in held:
        which = (one["source"], one["dataset"], one["file"], one["column"], one["code"])
        done = offenbar("privacy", "dismiss", *which, "--reason", "Namen aus einem Roman, frei erfunden")
        assert done.code == 0 and "harvest" not in done.out, done.err
    desks.check_files(instance)
    assert names(offenbar) == {"vereine": "published"}
    assert offenbar("privacy", "recall", *which).code == 0


def test_reasons_stand_in_the_log(offenbar: Run) -> None:
    offenbar("dataset", "create", "--title", "Eins", "--publish", "--yes")
    offenbar("dataset", "withdraw", "eins", "--reason", "nennt Personen")
    dataset_id = offenbar("dataset", "show", "eins", "--json").data["id"]
    offenbar("dataset", "purge", "eins", "--reason", "Beschluss 7", "--yes")
    log = offenbar("audit", "--object", dataset_id, "--json").data
    reasons = [one["details"].get("reason") for one in log]
    assert "Beschluss 7" in reasons
    assert "nennt Personen" not in reasons, "a purge erases what the log said of the dataset"


def test_create_asks_for_nothing_that_follows_and_says_what_is_missing(offenbar: Run, instance: Instance) -> None:
    nothing = offenbar("dataset", "create")
    assert nothing.code == 2 and "--title" in nothing.err
    assert offenbar("dataset", "create", "--title", "Bäume").code == 0
    assert offenbar("dataset", "create", "--title", "Bäume").code == 0
    assert set(names(offenbar)) == {"baeume", "baeume-2"}, "a name that follows from the title gets a number"
    taken = offenbar("dataset", "create", "--title", "Bäume", "--name", "baeume")
    assert taken.code == 2 and "schon vergeben" in taken.err
    assert "already in use" in offenbar("--lang", "en", "dataset", "create", "--title", "x y", "--name", "baeume").err
    desks.office(instance, "umweltamt")
    several = offenbar("dataset", "create", "--title", "Noch einer")
    assert several.code == 2 and "gruenamt, umweltamt" in several.err
    missing = offenbar("dataset", "create", "--title", "x y", "--org", "gruenamt", "--resource", "gibt-es-nicht.csv")
    assert missing.code == 2 and "gibt-es-nicht.csv" in missing.err
    assert set(names(offenbar)) == {"baeume", "baeume-2"}


class Keyboard(io.StringIO):
    """Somebody at a terminal who types these lines."""

    def isatty(self) -> bool:
        return True


def test_at_a_terminal_it_asks_for_what_does_not_follow(
    offenbar: Run, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks.office(instance, "umweltamt")

    def typed(*lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", Keyboard("".join(f"{line}\n" for line in lines)))

    typed("unbekannt", "umweltamt", "Kühle Orte")
    asked = offenbar("dataset", "create")
    assert asked.code == 0 and "Organisation" in asked.err and "Titel" in asked.err
    package = offenbar("dataset", "show", "kuehle-orte", "--json").data
    assert (package["title"], package["organization"]["name"]) == ("Kühle Orte", "umweltamt")
    typed("n")
    assert offenbar("dataset", "publish", "kuehle-orte").code == 130 and names(offenbar) == {"kuehle-orte": "draft"}
    typed("y")
    assert offenbar("dataset", "publish", "kuehle-orte").code == 0 and names(offenbar) == {"kuehle-orte": "published"}


def test_from_yaml_with_a_template_of_the_department(offenbar: Run, instance: Instance, tmp_path: Path) -> None:
    folder = instance.config.home / "templates"
    folder.mkdir()
    (folder / "gruenamt.yaml").write_text(
        "license: dl-zero-de/2.0\nmaintainer: Grünflächenamt\nmaintainer_email: gruen@darmstadt.example\ntags: [Grün]\n"
        "title: Wird nicht vererbt\nextras: {stand: 2025}\n"
    )
    (tmp_path / "daten").mkdir()
    (tmp_path / "daten" / "baeume.csv").write_text(TABLE)
    (tmp_path / "daten" / "baeume.yaml").write_text(
        "title: {de: Bäume, en: Trees}\nnotes: Alle Bäume\nkeywords: [Baum]\nextras: {stand: 2026}\n"
        "resources:\n  - {file: baeume.csv, name: Die Bäume}\n  - https://daten.example.org/baeume.geojson\n"
    )
    package = offenbar("dataset", "create", "--from", tmp_path / "daten" / "baeume.yaml", "--json").data
    assert (package["title"], package["license_id"], package["maintainer"]) == (
        "Bäume",
        "dl-zero-de/2.0",
        "Grünflächenamt",
    )
    assert package["title_translated"] == {"de": "Bäume", "en": "Trees"}
    assert [tag["name"] for tag in package["tags"]] == ["Grün", "Baum"]
    assert package["extras"] == [{"key": "stand", "value": "2026"}]
    assert sorted(one["name"] for one in package["resources"]) == ["Die Bäume", "baeume.geojson"]
    unknown = offenbar("dataset", "create", "--title", "x y", "--template", "nix")
    assert unknown.code == 2 and "gruenamt" in unknown.err
    assert offenbar("dataset", "create", "--title", "x y", "--template", "../offenbar").code == 2

    alike = offenbar("dataset", "create", "--title", "Sträucher", "--like", "baeume", "--json").data
    assert alike["license_id"] == "dl-zero-de/2.0" and alike["resources"] == [] and alike["title"] == "Sträucher"

    (tmp_path / "mehr.yaml").write_text("notes: Neu\nextras: {farbe: grün}\n")
    edited = offenbar("dataset", "edit", "baeume", "--from", tmp_path / "mehr.yaml", "--json").data
    assert edited["notes"] == "Neu" and len(edited["extras"]) == 2


def test_a_table_makes_one_dataset_per_row(offenbar: Run, tmp_path: Path) -> None:
    file = tmp_path / "neu.csv"
    file.write_text("Titel;Lizenz;resources\nEins;dl-zero-de/2.0;https://x.example/1.csv\nZwei;;\n", encoding="utf-8")
    made = offenbar("dataset", "create", "--from", file, "--json").data
    assert [(one["name"], one["num_resources"]) for one in made] == [("eins", 1), ("zwei", 0)]


def test_yaml_that_is_none(offenbar: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    for content, said in (("a: [", "Zeile"), ("- 1", "title"), ("farbe: rot", "farbe"), ("tags: 7", "tags")):
        file.write_text(content)
        done = offenbar("dataset", "create", "--from", file)
        assert done.code == 2 and said in done.err


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_bulk_edits_with_dry_run_diff_conflict_and_undo(either: Run, tmp_path: Path, ending: str) -> None:
    for title in ("Eins", "Zwei"):
        either("dataset", "create", "--title", title, "--set", "extras.formel==1+1")
    file = tmp_path / f"alle.{ending}"
    assert either("dataset", "export", "-o", file).code == 0
    if ending == "xlsx":
        book = openpyxl.load_workbook(file)
        for row in book.active.iter_rows():
            for cell in row:
                cell.value = {"Eins": "Das Erste", "Zwei": "Das Zweite"}.get(cell.value, cell.value)
        book.save(file)
    else:
        text = file.read_text("utf-8-sig")
        file.write_text(text.replace(";Eins;", ";Das Erste;").replace(";Zwei;", ";Das Zweite;"), "utf-8-sig")
    dry = either("dataset", "import", file, "--dry-run")
    assert dry.code == 0 and "„Eins“ → „Das Erste“" in dry.out and "Nichts geändert" in dry.out
    assert either("dataset", "show", "eins", "--json").data["title"] == "Eins"

    either("dataset", "edit", "zwei", "notes=inzwischen")
    done = either("dataset", "import", file, "--json")
    assert done.code == 1 and done.data["applied"] == 1
    assert [(fault["name"], fault["conflict"]) for fault in done.data["faults"]] == [("zwei", True)]
    assert either("dataset", "show", "eins", "--json").data["title"] == "Das Erste"
    assert either("dataset", "show", "zwei", "--json").data["title"] == "Zwei"

    batch = done.data["undo"]
    assert [one["id"] for one in either("dataset", "undo", "--list", "--json").data] == [batch]
    back = either("dataset", "undo", batch)
    assert back.code == 0 and either("dataset", "show", "eins", "--json").data["title"] == "Eins"
    assert either("dataset", "undo", batch).code == 1, "what changed since stays"
    assert either("dataset", "undo", "20261122-083000-000000").code == 2
    assert either("dataset", "undo", "../../etc/passwd").code == 2


def test_undo_files_are_private_and_forget_what_is_purged(offenbar: Run, instance: Instance, tmp_path: Path) -> None:
    offenbar("dataset", "create", "--title", "Geheimwort")
    offenbar("dataset", "create", "--title", "Zwei")
    file = tmp_path / "t.csv"
    file.write_text("name,notes\ngeheimwort,neu\nzwei,neu\n")
    batch = offenbar("dataset", "import", file, "--json").data["undo"]
    (kept,) = (instance.config.home / "undo").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and "geheimwort" in kept.read_text()
    offenbar("dataset", "purge", "geheimwort", "--reason", "Beschluss", "--yes")
    assert "geheimwort" not in kept.read_text() and "zwei" in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert offenbar("dataset", "undo", batch).code == 0


def test_a_batch_that_broke_off_is_taken_back(offenbar: Run, instance: Instance, tmp_path: Path) -> None:
    for title in ("Eins", "Zwei", "Drei"):
        offenbar("dataset", "create", "--title", title)
    file = tmp_path / "t.csv"
    head = "name,notes,organization\n"
    file.write_text(head + "".join(f"{name},neu,gruenamt\n" for name in ("eins", "zwei", "vier", "drei")))
    batch = offenbar("dataset", "import", file, "--json").data["undo"]
    assert "vier" in names(offenbar), "a name that is free is a new draft"
    (kept,) = (instance.config.home / "undo").iterdir()
    # The power went in the middle of the last line.
    kept.write_bytes(kept.read_bytes().rstrip()[:-20])
    done = offenbar("dataset", "undo", batch)
    notes = {name: offenbar("dataset", "show", name, "--json").data["notes"] for name in ("eins", "zwei", "drei")}
    assert notes == {"eins": None, "zwei": None, "drei": "neu"} and names(offenbar)["vier"] == "deleted"
    assert done.code == 1 and "drei" in done.err, "nobody knows whether the last one was done: it is told"


def test_who_may_not_is_told_so(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    office = desks.office(instance, "gruenamt")
    desks.write(instance, office, name="geheim", private=True)
    desks.write(instance, office, name="offen")
    with homes.home(tmp_path / "x" / "home"), command_line.served(instance) as address:
        run = command_line.runner(monkeypatch, capsys, tmp_path / "x" / "home")
        assert [one["name"] for one in run("dataset", "list", "--site", address, "--json").data] == ["offen"]
        assert run("dataset", "show", "geheim", "--site", address).code == 2
        refused = run("dataset", "edit", "offen", "title=Neu", "--site", address)
        assert refused.code == 2 and "--token" in refused.err
        stranger = command_line.token(instance, "fremd", admin=False)
        refused = run(
            "dataset", "create", "--title", "Neu", "--org", "gruenamt", "--site", address, "--token", stranger
        )
        assert refused.code == 2 and "gruenamt" in refused.err
        assert run("dataset", "purge", "offen", "--reason", "x", "--yes", "--site", address).code == 2
    assert names(command_line.runner(monkeypatch, capsys, instance.config.home)) == {
        "geheim": "private",
        "offen": "published",
    }


def test_what_changes_between_preview_and_publication_is_not_published_unseen(
    offenbar: Run, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    offenbar("dataset", "create", "--title", "Entwurf")
    real = LocalSite.ask

    def slow(self: LocalSite, action: str, *arguments: Any, **named: Any) -> Answer:
        answer = real(self, action, *arguments, **named)
        if action == "offenbar_dataset_preview":
            real(self, "package_patch", {"id": "entwurf", "notes": "inzwischen"})
        return answer

    monkeypatch.setattr(LocalSite, "ask", slow)
    refused = offenbar("dataset", "publish", "entwurf", "--yes")
    assert refused.code == 2 and "inzwischen geändert" in refused.err
    assert names(offenbar) == {"entwurf": "draft"}


def test_what_changes_between_the_diff_and_the_change_is_a_conflict(instance: Instance) -> None:
    row = desks.write(instance, desks.office(instance, "gruenamt"), title="Alt")
    site = LocalSite(instance)
    plan = bulk.compare(Table(("name", "title"), (("baeume", "Neu"),), (2,)), bulk_apply.finder(site))
    desks.change(instance, row, notes="inzwischen")
    done = bulk_apply.apply(site, plan)
    assert done.applied == 0 and [fault.conflict for fault in done.faults] == [True]
    shown = site.call("package_show", id="baeume")
    assert (shown["title"], shown["notes"]) == ("Alt", "inzwischen")
    assert bulk_apply.plan_back(site, done.undo).changes == ()


def test_the_difference_of_two_versions(offenbar: Run) -> None:
    offenbar("dataset", "create", "--title", "Eins", "--publish", "--yes")
    for title in ("Zwei", "Drei"):
        offenbar("dataset", "edit", "eins", f"title={title}")
    found = offenbar("dataset", "diff", "eins", "--json").data
    assert [one["field"] for one in found["changes"]] == ["title"] and found["to"] > found["from"]
    whole = offenbar("dataset", "diff", "eins", "--from", found["from"] - 1)
    assert whole.code == 0 and "Eins" in whole.out and "Drei" in whole.out
    assert "Kein Unterschied" in offenbar("dataset", "diff", "eins", "--from", found["to"]).out
    missing = offenbar("dataset", "diff", "eins", "--from", "99")
    assert missing.code == 2 and "aufbewahrt" in missing.err
    assert offenbar("dataset", "diff", "gibt-es-nicht").code == 2


def test_harvested_datasets_are_kept_at_their_source(
    history: History,
    instance: Instance,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    history.publish(1)
    run = command_line.runner(monkeypatch, capsys, instance.config.home)
    (name,) = names(run)
    file = tmp_path / "t.csv"
    assert run("dataset", "export", "-o", file).code == 0 and name not in file.read_text("utf-8-sig")
    file.write_text(f"name,title\n{name},Neu\n")
    imported = run("dataset", "import", file)
    assert imported.code == 1 and "geerntet" in imported.err
    withdrawn = run("dataset", "withdraw", name, "--reason", "x")
    assert withdrawn.code == 2 and "policy" in withdrawn.err
    lines = tmp_path / "d.jsonl"
    run("export", "--format", "ckan-jsonl", "-o", lines)
    assert run("import", "ckan-jsonl", lines, "--json").data["harvested"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_comes_page_by_page_and_only_what_may_be_read(kind: str, tmp_path: Path) -> None:
    with database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        office, other = desks.office(instance, "gruenamt"), desks.office(instance, "umweltamt", city="frankfurt")
        for number in range(3):
            desks.write(instance, office, name=f"offen-{number}")
            desks.write(instance, other, name=f"entwurf_{number}", state="draft")
        desks.write(instance, office, name="geheim", private=True)
        shared = desks.write(instance, other, name="geteilt", private=True)

        def listed(actor: Actor, **wanted: str) -> list[str]:
            found: list[str] = []
            after = ""
            with instance.database.reading() as session:
                while part := listing.page(session, actor, after=after, limit=2, **wanted):
                    assert len(part) <= 2
                    found += [one.name for one in part]
                    after = part[-1].id
            return sorted(found)

        public = ["offen-0", "offen-1", "offen-2"]
        drafts = ["entwurf_0", "entwurf_1", "entwurf_2"]
        assert listed(desks.ADMIN) == sorted([*public, *drafts, "geheim", "geteilt"])
        assert listed(desks.ADMIN, city="frankfurt") == sorted([*drafts, "geteilt"])
        assert listed(desks.ADMIN, organization="gruenamt") == sorted([*public, "geheim"])
        assert listed(ANONYMOUS) == public
        assert listed(desks.editor(office)) == sorted([*public, "geheim"])
        friend = Actor(id="6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40011", shared={shared.id: Capacity.MEMBER})
        assert listed(friend) == sorted([*public, "geteilt"])
