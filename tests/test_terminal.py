"""What commands write for people: hostile names of departments stay text."""

import pytest

from catalog.commands.terminal import Terminal
from dcat.message import Message

HOSTILE = "[/b] [red]Baum\x1b]0;owned\x07"


def test_a_table_shows_cells_as_they_are_without_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal("de").table(("Spalte",), [(HOSTILE,)])
    assert "[/b] [red]Baum]0;owned" in capsys.readouterr().out


def test_sentences_hold_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal("de")
    terminal.say(Message(f"Spalte {HOSTILE}\nzweite Zeile", ""))
    terminal.note(Message(HOSTILE, ""))
    written = capsys.readouterr()
    assert written.out == "Spalte [/b] [red]Baum]0;owned\nzweite Zeile\n"
    assert "\x1b" not in written.err


def test_progress_takes_any_name(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal("de").progress(HOSTILE) as tick:
        tick("checking", 1)
