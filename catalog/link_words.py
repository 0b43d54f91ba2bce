"""The sentences for links that do not answer: what is wrong, and the next step."""

from collections.abc import Mapping

from dcat.message import Message


def sentences(status: int, code: str) -> tuple[Message, Message]:
    """Say what is wrong with a link, and the next step."""
    if status in (404, 410):
        return Message(f"Dort liegt nichts mehr ({status}).", f"Nothing is there any more ({status})."), _CORRECT
    if status in (401, 403, 407):
        return Message(
            f"Die Adresse verlangt eine Anmeldung oder sperrt Programme aus ({status}).",
            f"The address asks for a login or locks programs out ({status}).",
        ), _ASK
    if status >= 500:
        return Message(
            f"Der Dienst meldet eine Störung ({status}).", f"The service reports a failure ({status})."
        ), _ASK
    if status:
        return Message(f"Die Adresse antwortet mit Status {status}.", f"The address answers with status {status}."), (
            _CORRECT
        )
    return _SENTENCES.get(code, _SENTENCES["connection"])


_CORRECT = Message(
    "Die Adresse an der Quelle berichtigen oder die Distribution entfernen.",
    "Correct the address at the source or remove the distribution.",
)
_ASK = Message("Das Amt darauf hinweisen.", "Tell the department.")
_SENTENCES: Mapping[str, tuple[Message, Message]] = {
    "connection": (Message("Der Server ist nicht erreichbar.", "The server cannot be reached."), _ASK),
    "timeout": (Message("Der Server antwortet nicht rechtzeitig.", "The server does not answer in time."), _ASK),
    "protocol": (Message("Der Server spricht kein gültiges HTTP.", "The server does not speak valid HTTP."), _ASK),
    "tls": (
        Message("Die verschlüsselte Verbindung kommt nicht zustande.", "No encrypted connection can be made."),
        _ASK,
    ),
    "dns": (Message("Den Rechnernamen gibt es nicht.", "The host name does not exist."), _CORRECT),
    "redirects": (
        Message("Die Adresse leitet zu oft oder im Kreis um.", "The address redirects too often or in a circle."),
        _CORRECT,
    ),
    "scheme": (
        Message(
            "Die Adresse ist keine mit http oder https, oder sie leitet auf eine unverschlüsselte um.",
            "The address is none with http or https, or it redirects to an unencrypted one.",
        ),
        _CORRECT,
    ),
    "bad-url": (Message("Die Adresse ist unbrauchbar.", "The address cannot be used."), _CORRECT),
    "private-address": (
        Message("Die Adresse liegt in einem internen Netz.", "The address lies in a private network."),
        Message(
            "Eine öffentliche Adresse angeben; ist die interne gewollt, sie in der Quelle unter network zulassen.",
            "Give a public address; if the private one is intended, allow it in the source under network.",
        ),
    ),
}
