"""The errors of the whole program. Bad data is a Problem or a Finding, never an exception.

OffenbarError            something outside our data failed; carries a sentence and an exit code
├── ConfigError          a setting, source definition, policy or argument cannot be used
├── UnreadableError      bytes that are not what they claim to be: no RDF, no YAML, no table
├── FetchError           an address could not be fetched; `code` says how it failed
│   └── RefusedError     our own guard refused the address or the size, before or during the fetch
├── NotFoundError        a dataset, source, run, schema that does not exist
└── StateError           the action does not fit the present state: a held run, a foreign home
"""

from dcat.message import Message


class OffenbarError(Exception):
    """Root of all our errors: a sentence in German and English that names the thing and the next step."""

    exit_code = 2

    def __init__(self, message: Message) -> None:
        super().__init__(message.en)
        self.message = message


class ConfigError(OffenbarError):
    """A setting, source definition, policy or argument cannot be used."""


class UnreadableError(OffenbarError):
    """Bytes that are not what they claim to be."""


class FetchError(OffenbarError):
    """An address could not be fetched; `code` is a short word such as timeout, status, dns, tls."""

    def __init__(self, message: Message, *, code: str, url: str, status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.url = url
        self.status = status


class RefusedError(FetchError):
    """Our own guard refused the address, a redirect or the size."""


class NotFoundError(OffenbarError):
    """A dataset, source, run or schema that does not exist."""


class StateError(OffenbarError):
    """The action does not fit the present state."""
