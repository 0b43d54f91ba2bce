"""The command line of offenbar: one group; each subject is loaded only when it is used (catalog/commands)."""

import importlib
import keyword
import logging
import os
import sys

# The checkout and the installed package are the same folder: its modules keep their plain names (docs/architecture.md).
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - before any of our imports

import click
from click.shell_completion import CompletionItem, shell_complete

from catalog.commands.terminal import Terminal, failed, language
from dcat.errors import ConfigError, OffenbarError
from dcat.message import Message

# By it a shell asks for what may follow (catalog/commands/completion.py).
COMPLETION = "_OFFENBAR_COMPLETE"
# command -> what it is for. The module of the same name in catalog/commands holds it as `command`.
COMMANDS = {
    "demo": "Beispielstädte ernten, prüfen, veröffentlichen und zeigen. / Harvest, check, publish and show example cities.",
    "init": "Einen neuen Katalog einrichten. / Set up a new catalogue.",
    "upgrade": "Die Datenbank auf die Version des Programms bringen. / Bring the database to the program's version.",
    "serve": "Webseiten, Schnittstellen und Hintergrundarbeit starten. / Start pages, interfaces and background work.",
    "worker": "Hintergrundarbeit ohne Webseiten, auf beliebig vielen Maschinen. / Background work without pages, on any number of machines.",
    "doctor": "Eine Adresse oder diese Installation untersuchen. / Examine an address, or this installation.",
    "config": "Die geltenden Einstellungen und ihre Herkunft zeigen. / Show the effective settings and their origin.",
    "city": "Kommunen auflisten und aufnehmen. / List and add cities.",
    "organization": "Organisationen auflisten und anlegen. / List and add organisations.",
    "source": "Quelldefinitionen prüfen, erproben, auflisten. / Check, try and list source definitions.",
    "harvest": "Quellen ernten, Pläne ansehen und entscheiden. / Harvest sources, look at plans and decide.",
    "quarantine": "Was nicht aufgenommen werden konnte, ansehen und freigeben. / Look at and release what could not be taken in.",
    "dataset": "Datensätze auflisten, anlegen, bearbeiten, veröffentlichen. / List, create, edit and publish datasets.",
    "site": "Entfernte Websites speichern, auf denen Befehle arbeiten. / Save remote sites that commands work on.",
    "validate": "Eine Datei, Adresse oder einen Datensatz prüfen. / Check a file, address or dataset.",
    "schema": "Schemata zeigen und prüfen, Tabellen erkennen und zuordnen. / Show and check schemas, recognise and map tables.",
    "export": "Den Katalog als DCAT-AP.de oder CKAN ausgeben. / Write the catalogue as DCAT-AP.de or CKAN.",
    "import": "Datensätze aus anderen Katalogen laden. / Load datasets from other catalogues.",
    "compat": "Zeigen, was GovData, Hessen, Europa und Mobilithek noch vermissen. / Show what GovData, Hessen, Europe and Mobilithek still miss.",
    "quality": "Die Qualität der Metadaten zeigen, und was am meisten bringt. / Show the quality of the metadata, and what gains most.",
    "steward": "Die Adresse der Seiten für die Datenpflege ausgeben. / Print the address of the steward's pages.",
    "user": "Konten und Rollen anlegen, ändern, auflisten. / Make, change and list accounts and roles.",
    "token": "Schlüssel für Programme ausstellen und widerrufen. / Issue and revoke keys for programs.",
    "audit": "Zeigen, wer was getan hat. / Show who did what.",
    "privacy": "Dateien mit personenbezogenen Daten auflisten, Fehlalarme verwerfen. / List files with personal data, dismiss false alarms.",
    "links": "Adressen auflisten, die nicht mehr antworten. / List addresses that no longer answer.",
    "index": "Den Suchindex neu aufbauen. / Rebuild the search index.",
    "request": "Datenwünsche auflisten, aufnehmen, beantworten. / List, add and answer requests for data.",
    "completion": "Ergänzung von Befehlen für die Shell ausgeben. / Print completion of commands for the shell.",
    "bench": "Die Messungen in benchmarks/ ausführen. / Run the measurements in benchmarks/.",
}


class Subjects(click.Group):
    """Loads a subject's module when its command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command = importlib.import_module(f"catalog.commands.{module}").command
        assert isinstance(command, click.Command), "each module in catalog/commands holds its command"
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        # Without loading the modules: whoever presses Tab does not wait.
        found = [CompletionItem(name, help=about) for name, about in COMMANDS.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Befehle / Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Subjects, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--lang", type=click.Choice(["de", "en"]), help="Sprache der Ausgabe. / Language of the output.")
@click.option("--verbose", "-v", is_flag=True, help="Mehr sagen. / Say more.")
@click.option("--quiet", "-q", is_flag=True, help="Nur das Ergebnis. / The result only.")
@click.version_option(package_name="offenbar")
@click.pass_context
def offenbar(ctx: click.Context, lang: str | None, verbose: bool, quiet: bool) -> None:
    """Der offene Datenkatalog für Städte: ernten, prüfen, veröffentlichen.

    The open-data catalogue for cities: harvest, check, publish.

    Beispiel / Example: offenbar demo
    """
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(levelname)s %(message)s")
    ctx.obj = Terminal(language(lang), quiet=quiet)


def main() -> None:
    """Run the command line; our own errors become one sentence and an exit code."""
    if asked := os.environ.get(COMPLETION):
        sys.exit(shell_complete(offenbar, {}, "offenbar", COMPLETION, asked))
    lang: str | None = None
    try:
        with offenbar.make_context("offenbar", sys.argv[1:]) as ctx:
            lang = ctx.params["lang"]
            code = offenbar.invoke(ctx)
            sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except OffenbarError as error:
        sys.exit(failed(Terminal(language(lang)), error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        # A full disk, a missing folder, a missing right: the system's own words say it best.
        place = f"{error.filename}: " if error.filename else ""
        text = f"{place}{error.strerror or error}"
        sys.exit(failed(Terminal(language(lang)), ConfigError(Message(text, text))))


if __name__ == "__main__":
    main()
