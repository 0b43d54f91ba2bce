"""The open-by-default decision: every combination of facts has one answer, and only two of them show data."""

from itertools import product

import pytest

from catalog.public import FileState, Reason
from catalog.publication import NOT_CHECKED, NOT_FETCHED, NOT_RELEASED, FileFacts, decide
from dcat.message import Message

DECISION = Reason(code="P1", text=Message("Zurückgehalten.", "Withheld."), legal_basis="DSGVO", review_by="2027-01-01")
FOUND = Message("Die Spalte „Name“ nennt Personen.", "The column “Name” names persons.")
OUTCOMES = ("", "ok", "private", "unreadable", "unreachable")


def expected(ours: bool, release: str, outcome: str, decision: Reason | None) -> FileState:
    """The table, line by line."""
    lines = {
        (True, "at_once", "ok"): FileState.PUBLIC,
        (True, "", "ok"): FileState.PENDING,
        (True, "at_once", ""): FileState.PENDING,
        (True, "", ""): FileState.PENDING,
    }
    if decision:
        return FileState.WITHHELD
    return lines.get((ours, release, outcome), FileState.HELD) if ours else FileState.LINKED


@pytest.mark.parametrize("decision", [None, DECISION], ids=["open", "withheld"])
@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("release", ["", "at_once"])
@pytest.mark.parametrize("ours", [True, False], ids=["ours", "linked"])
def test_the_decision_table(ours: bool, release: str, outcome: str, decision: Reason | None) -> None:
    state, reason = decide(FileFacts(ours=ours, release=release, outcome=outcome, found=FOUND), decision)
    assert state is expected(ours, release, outcome, decision)
    # Whatever is kept back says why; what is shown needs no reason.
    assert (reason is None) == state.visible


def test_a_decision_comes_first_with_its_own_reason() -> None:
    facts = FileFacts(ours=True, release="at_once", outcome="private", found=FOUND)
    assert decide(facts, DECISION) == (FileState.WITHHELD, DECISION)


def test_the_reasons_of_waiting() -> None:
    assert decide(FileFacts(ours=True, release="at_once", outcome=""), None)[1] is NOT_CHECKED
    assert decide(FileFacts(ours=True, release="", outcome=""), None)[1] is NOT_CHECKED
    assert decide(FileFacts(ours=True, release="", outcome="ok"), None)[1] is NOT_RELEASED


def test_a_red_check_says_what_it_found() -> None:
    state, reason = decide(FileFacts(ours=True, release="at_once", outcome="private", found=FOUND), None)
    assert (state, reason) == (FileState.HELD, Reason(code="private", text=FOUND))
    _, silent = decide(FileFacts(ours=True, release="", outcome="unreadable"), None)
    assert silent is not None and silent.text.de == "Die Prüfung ist nicht bestanden."


def test_a_file_that_cannot_be_fetched_does_not_tell_where_it_lies() -> None:
    address = Message(
        "https://amt.example/intern/x.csv antwortet nicht.", "https://amt.example/intern/x.csv is silent."
    )
    facts = FileFacts(ours=True, release="at_once", outcome="unreachable", found=address)
    assert decide(facts, None) == (FileState.HELD, NOT_FETCHED)


def test_what_others_publish_is_linked_whatever_our_check_finds() -> None:
    for release, outcome in product(("", "at_once"), OUTCOMES):
        facts = FileFacts(ours=False, release=release, outcome=outcome, found=FOUND)
        assert decide(facts, None) == (FileState.LINKED, None)


def test_only_linked_and_public_files_are_visible() -> None:
    assert [state for state in FileState if state.visible] == [FileState.LINKED, FileState.PUBLIC]
