"""The documentation against the program: generated pages are fresh, nothing is left out, links and command lines hold."""

import configparser
import re
import shlex
from pathlib import Path

import click
import pytest

import cli
from catalog.api.action import ACTIONS
from catalog.settings import SETTINGS
from docs import generate

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "examples" / "README.md"])
WRITTEN = [page for page in PAGES if page.parent.name != "reference"]
COMMANDS = dict(generate.leaves(cli.offenbar))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def without_fences(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ +(.*)$", without_fences(read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def command_lines(text: str) -> list[str]:
    """Lines of code blocks, and pieces of inline code, that call the program."""
    blocks = re.findall(r"^```(?:sh|console)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^ {4}(.*)$", without_fences(text), re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", without_fences(text))
    candidates = [*(line for block in blocks for line in block.splitlines()), *indented, *inline]
    found = [re.fullmatch(r"(?:\$ )?(?:[A-Z_]+=\S* )*(?:\S*/)?offenbar((?: .*)?)", line.strip()) for line in candidates]
    return [match[1] for match in found if match and match[1].strip(" .")]


def parse(arguments: list[str]) -> None:
    """Parse a command line as click does, without running or converting anything."""
    command: click.Command = cli.offenbar
    while True:
        context = click.Context(command, info_name=command.name)
        given, rest, _ = command.make_parser(context).parse_args(list(arguments))
        for param in command.params:
            if isinstance(param.type, click.Choice) and isinstance(value := given.get(param.name), str):
                param.type.convert(value, param, context)
            if (
                isinstance(param, click.Argument)
                and param.required
                and not isinstance(given.get(param.name), str | tuple)
            ):
                raise click.MissingParameter(ctx=context, param=param)
        if not isinstance(command, click.Group):
            assert not rest, f"too many arguments: {rest}"
            return
        if not rest:
            # A group by its name only: the text speaks of its commands. --version and --help need none either.
            return
        found = command.get_command(context, rest[0])
        assert found is not None, f"no command {rest[0]}"
        command, arguments = found, rest[1:]


def test_generated_pages_are_fresh_and_no_others_lie_there():
    assert sorted(page.name for page in generate.FOLDER.glob("*.md")) == sorted(generate.pages())
    stale = [page for page in generate.pages() if read(generate.FOLDER / page) != generate.render(page)]
    assert not stale, "run make docs"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_text_in_both_languages_and_an_example(command):
    help_text = COMMANDS[command].help or ""
    text, mark, example = help_text.partition(generate.EXAMPLE)
    assert mark, "an example is missing"
    assert "\n\n" in text.strip() or " / " in text
    (line,) = command_lines(f"`{' '.join(example.split())}`")
    parse(shlex.split(line))
    assert f"## {command}\n" in read(generate.FOLDER / "commands.md")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_a_meaning(command):
    assert all(option.help for option in COMMANDS[command].params if isinstance(option, click.Option))


def test_every_setting_is_documented():
    text = read(generate.FOLDER / "settings.md")
    assert all(f"| {setting} |" in text for setting in SETTINGS)
    assert all(meaning.de and meaning.en for meaning in (setting.meaning for setting in SETTINGS.values()))


def test_every_action_is_documented():
    text = read(generate.FOLDER / "actions.md")
    for name, action in ACTIONS.items():
        assert action.about.de and action.about.en, name
        assert f"\n| `{name}` |" in text
        assert all(argument.about.de and argument.about.en for argument in action.arguments), name


def test_every_address_says_what_it_answers():
    assert "|  |" not in read(generate.FOLDER / "routes.md")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_fences(read(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_quoted_command_lines_parse(page):
    for line in command_lines(read(page)):
        # What follows a pipe or a redirection is the shell's.
        words = shlex.split(re.split(r" [|>&]| 2>", line)[0], comments=True)
        try:
            parse(words)
        except (click.ClickException, AssertionError) as error:
            pytest.fail(f"offenbar{line}: {getattr(error, 'message', error)}")


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_quoted_make_targets_exist(page):
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    quoted = re.findall(r"(?:^ {4}|`)make ([a-z-]+)", read(page), re.MULTILINE)
    assert set(quoted) <= targets


def test_a_wrong_command_line_would_be_found():
    for wrong in ("harvest start", "demo --prot 1", "dataset show", "export --format csv", "harvest approve a b"):
        with pytest.raises((click.ClickException, AssertionError)):
            parse(shlex.split(wrong))


def test_every_dependency_has_its_reason():
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = config["options.extras_require"]
    lines = "\n".join(
        [
            config["options"]["install_requires"],
            *(extras[name] for name in ("postgres", "s3", "sftp", "shacl", "worker")),
        ]
    ).split("\n")
    needed = {re.split(r"[\[ <>=]", line.strip())[0] for line in lines if line.strip()}
    listed = set(re.findall(r"^\| ([\w.-]+)", read(ROOT / "docs/decisions/0009-dependencies.md"), re.MULTILINE))
    assert needed == listed - {"package", "---"}
