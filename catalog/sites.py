"""A catalogue as commands see it: this one, or another one through CKAN's Action API. Either way every step is an action."""

import mimetypes
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from catalog import site_errors
from catalog.access import LOCAL
from catalog.api.action import ACTIONS
from catalog.api.actions.call import ActionError, Call, Sent
from catalog.instance import Instance
from catalog.site_errors import unknown_action


@dataclass(frozen=True, slots=True)
class Answer:
    """What an action gave: its result, and the version (ETag) of the dataset that it is about; empty for none."""

    result: Any
    etag: str = ""


class Site(Protocol):
    """A catalogue whose actions can be called; SiteError tells why one was refused."""

    @property
    def address(self) -> str:
        """The address of its pages."""

    @property
    def instance(self) -> Instance | None:
        """The catalogue itself where it is this one."""

    def ask(
        self, action: str, arguments: Mapping[str, Any] | None = None, *, if_match: str = "", upload: Path | None = None
    ) -> Answer:
        """Call an action; `if_match` names the version that may be changed, `upload` is a file that goes along."""

    def call(self, action: str, /, **arguments: Any) -> Any:
        """Call an action and give its result."""


class LocalSite:
    """The catalogue of this installation; whoever runs the command is its administrator."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    @property
    def address(self) -> str:
        """The address of its pages."""
        return self._instance.config.site_url

    @property
    def instance(self) -> Instance:
        """The catalogue itself."""
        return self._instance

    def ask(
        self, action: str, arguments: Mapping[str, Any] | None = None, *, if_match: str = "", upload: Path | None = None
    ) -> Answer:
        """Call an action as administrator."""
        found = ACTIONS.get(action)
        if found is None:
            raise unknown_action(action, self.address)
        with ExitStack() as stack:
            files = {}
            if upload is not None:
                media_type = mimetypes.guess_type(upload.name)[0] or ""
                files["upload"] = Sent(upload.name, media_type, stack.enter_context(upload.open("rb")))
            call = Call(self._instance, arguments or {}, LOCAL, files, if_match)
            stack.callback(call.renew)
            try:
                result = found.run(call)
            except ActionError as error:
                raise site_errors.read(error.kind, error.details, site_errors.named(arguments)) from None
            # orjson reads bytes, and no subclass of them.
            return Answer(orjson.loads(bytes(result) if isinstance(result, bytes) else orjson.dumps(result)), call.etag)

    def call(self, action: str, /, **arguments: Any) -> Any:
        """Call an action and give its result."""
        return self.ask(action, arguments).result
