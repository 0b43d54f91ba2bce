"""offenbar request: list, add, answer"""

import click

from catalog import data_requests
from catalog.access import LOCAL
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.data_requests import State, Wish
from dcat.message import Message

STATES = {
    State.OPEN: Message("offen", "open"),
    State.PLANNED: Message("geplant", "planned"),
    State.PUBLISHED: Message("veröffentlicht", "published"),
    State.DECLINED: Message("abgelehnt", "declined"),
}
state_choice = click.Choice([str(state) for state in State])


@click.group()
def command() -> None:
    """Datenwünsche: auflisten, aufnehmen, beantworten. / Requests for data: list, add, answer.

    Beispiel / Example: offenbar request list
    """


@command.command("list")
@click.option("--state", type=state_choice, help="Nur diese. / Only these.")
@json_option
@pass_terminal
def list_requests(terminal: Terminal, state: str | None, as_json: bool) -> None:
    """Zeigen, welche Daten gewünscht werden und was daraus wurde. / Show which data are wished for and what became of it.

    Beispiel / Example: offenbar request list --state open
    """
    found: list[Wish] = []
    page = 1
    with opened().database.reading() as session:
        while page:
            part = data_requests.listed(session, state or "", page)
            found += part.wishes
            page = part.following
    if as_json:
        terminal.data([data_requests.as_json(wish) for wish in found])
        return
    t = terminal.t
    columns = (t("Kennung", "id"), t("Stand", "state"), t("Wunsch", "request"), t("Datensatz", "dataset"))
    lines = [(w.id, STATES[w.state].in_(terminal.lang), w.title, w.dataset.name if w.dataset else "") for w in found]
    terminal.table(columns, lines)


@command.command()
@click.argument("title", required=False, default="", metavar="[TITEL]")
@click.option(
    "--words",
    default="",
    metavar="WÖRTER",
    help="Die Suche ohne Treffer, aus der er kommt; sie wird dort vergessen. / The search without hits it comes from; it is forgotten there.",
)
@json_option
@pass_terminal
def add(terminal: Terminal, title: str, words: str, as_json: bool) -> None:
    """Einen Datenwunsch aufnehmen; ohne TITEL heißt er wie die WÖRTER. Er ist gleich öffentlich: schreiben Sie nicht, wer fragt.

    Add a request for data; without TITEL it is named after the WÖRTER. It is public at once: do not write who asks.

    Beispiel / Example: offenbar request add "Solarkataster der Stadt" --words solarkataster
    """
    with opened().database.writing() as session:
        number = data_requests.open_request(session, LOCAL, title=title, words=words)
        wish = data_requests.find(session, number)
    if as_json:
        terminal.data(data_requests.as_json(wish))
        return
    terminal.say(
        Message(
            f"Geführt: {wish.title}. Nächster Schritt: offenbar request answer {wish.id} --state planned",
            f"Kept: {wish.title}. Next step: offenbar request answer {wish.id} --state planned",
        )
    )


@command.command()
@click.argument("request_id", metavar="KENNUNG")
@click.option("--state", type=state_choice, required=True, help="Was daraus wird. / What becomes of it.")
@click.option("--text", help="Die Antwort, öffentlich; sonst bleibt sie. / The answer, public; else it stays.")
@click.option(
    "--dataset",
    help="Der öffentliche Datensatz, der den Wunsch erfüllt: Name oder Kennung. / The public dataset that answers it: name or id.",
)
@click.option("--title", help="Den Wunsch anders nennen. / Give the request another title.")
@json_option
@pass_terminal
def answer(
    terminal: Terminal,
    request_id: str,
    state: str,
    text: str | None,
    dataset: str | None,
    title: str | None,
    as_json: bool,
) -> None:
    """Einen Datenwunsch beantworten; `published` braucht einen öffentlichen Datensatz. / Answer a request; `published` needs a public dataset.

    Beispiel / Example: offenbar request answer 4f0c1f6e-5d0b-4c7e-9a54-0d6a3f1f7c11 --state published --dataset solarkataster
    """
    with opened().database.writing() as session:
        data_requests.answer(session, LOCAL, request_id, state=state, text=text, dataset=dataset, title=title)
        wish = data_requests.find(session, request_id)
    if as_json:
        terminal.data(data_requests.as_json(wish))
        return
    shown = STATES[wish.state]
    terminal.say(Message(f"Beantwortet: {wish.title} ({shown.de}).", f"Answered: {wish.title} ({shown.en})."))
