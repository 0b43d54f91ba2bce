"""How findings and rows of a file develop from version to version."""

import json

import report_sample

from catalog import file_history
from catalog.file_history import CellChange, FindingCount, Remaining, RowChanges, Version
from dcat.message import Message
from validators.report import Severity


def count(code: str, field: str = "", number: int = 1) -> FindingCount:
    return FindingCount(code=code, field=field, number=number)


def test_findings_are_new_solved_or_remain() -> None:
    before = (count("type-error", "hoehe_m", 12), count("bom"), count("type-error", "art"))
    after = (count("type-error", "hoehe_m", 3), count("blank-row"))
    found = file_history.compare(before, after)
    assert found.new == (count("blank-row"),)
    assert found.solved == (count("bom"), count("type-error", "art"))
    assert found.remaining == (Remaining(before=12, now=count("type-error", "hoehe_m", 3)),)
    assert file_history.score_line(found) == Message(
        "1 neuer Befund, 2 behoben, 1 bleibt", "1 new finding, 2 solved, 1 remains"
    )
    assert file_history.compare((), ()) == file_history.Compared()


def test_a_version_is_compared_with_the_accepted_one_before_it() -> None:
    first = Version(checked_at="1", findings=(count("a"),))
    refused = Version(checked_at="2", accepted=False, findings=(count("a"), count("b")))
    third = Version(checked_at="3", findings=(count("b"),))
    newest, middle, oldest = file_history.steps((first, refused, third))
    assert oldest.version is first and oldest.compared is None
    assert middle.compared is not None and middle.compared.new == (count("b"),)
    assert newest.compared is not None
    assert (newest.compared.new, newest.compared.solved) == ((count("b"),), (count("a"),))


def test_counts_of_a_report_add_up_and_outlive_storing() -> None:
    twice = (*report_sample.FINDINGS, report_sample.FINDINGS[0])
    found = file_history.counts(twice)
    assert [(one.code, one.field, one.number) for one in found] == [
        ("type-error", "hoehe_m", 2408),
        ("constraint-error", "art", 1),
        ("encoding", "", 1),
        ("bom", "", 1),
    ]
    assert found[1].severity is Severity.HVD
    stored = json.dumps(file_history.counts_json(found))
    assert file_history.read_counts(json.loads(stored)) == found
    assert report_sample.HOSTILE[0] not in stored


def test_counts_are_bounded() -> None:
    many = [
        report_sample.report()
        .findings[0]
        .__class__(severity=Severity.HINT, code=f"c{n}", what=Message("", ""), why=Message("", ""), fix=Message("", ""))
        for n in range(1000)
    ]
    assert len(file_history.counts(many)) == file_history.MAX_FINDINGS


def test_changed_rows() -> None:
    changes = RowChanges(
        key=("baum_id",),
        added=1,
        changed=1200,
        fields=(("hoehe_m", 1200),),
        new=(("da-9",),),
        cells=(CellChange(key=("da-1",), column="hoehe_m", before="1", after="2"),),
    )
    assert file_history.row_line(changes) == Message(
        "1 Zeile neu, 0 Zeilen entfallen, 1.200 Zeilen geändert (verglichen über baum_id).",
        "1 row added, 0 rows removed, 1,200 rows changed (compared by baum_id).",
    )
    assert file_history.row_line(RowChanges(key=("a",))).en == "All rows stayed the same."
    assert file_history.read_changes(json.loads(json.dumps(file_history.changes_json(changes)))) == changes
