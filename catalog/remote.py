"""Another catalogue by its Action API, through ckanapi: the door by which commands reach a remote site.

Certificates are checked, redirects are refused (a token must not travel on), every answer has a time limit and a limit of size.
"""

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from ckanapi.common import prepare_action, reverse_apicontroller_action
from ckanapi.errors import CKANAPIError, NotAuthorized, NotFound, ServerIncompatibleError, ValidationError

from catalog import site_errors
from catalog.instance import Instance, program_version
from catalog.site_errors import SiteError, unknown_action
from catalog.sites import Answer
from dcat import iri
from dcat.digits import natural
from dcat.errors import ConfigError, FetchError
from dcat.message import Message
from dcat.printable import one_line

CONNECT, READ = 10.0, 120.0
MAX_ANSWER = 200_000_000
_PIECE = 1 << 20
# How often a site that is busy (429, 503) is asked again, and how long we wait at the most, in seconds.
_AGAIN, _LONGEST_WAIT = 4, 30.0
_BUSY = (429, 503)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a site answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class RemoteSite:
    """A site reached over the network, with the token of an account there or none."""

    def __init__(self, address: str, token: str = "") -> None:
        self._address = checked_address(address, token)
        self._token = token
        self._session = requests.Session()
        # A password for the host in ~/.netrc would take the place of the token.
        self._session.auth = lambda request: request
        self._session.headers["User-Agent"] = f"offenbar/{program_version()} (ckanapi)"

    @property
    def address(self) -> str:
        """The address of its pages."""
        return self._address

    @property
    def authorization(self) -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": self._token} if self._token else {}

    @property
    def instance(self) -> Instance | None:
        """None: this catalogue is another one."""
        return None

    def ask(
        self, action: str, arguments: Mapping[str, Any] | None = None, *, if_match: str = "", upload: Path | None = None
    ) -> Answer:
        """Call an action by POST; a site that is busy is asked again after a while."""
        given = dict(arguments or {})
        with ExitStack() as stack:
            files = {"upload": (upload.name, stack.enter_context(upload.open("rb")))} if upload else None
            if files:
                given = {key: _in_form(value) for key, value in given.items()}
            path, data, headers = prepare_action(action, given, self._token or None, files, base_url="api/3/action/")
            if if_match:
                headers["If-Match"] = if_match
            reply = self.send("POST", f"{self._address}/{path}", headers, data, files)
        return Answer(self._result(action, reply, site_errors.named(arguments)), reply.headers.get("ETag", ""))

    def call(self, action: str, /, **arguments: Any) -> Any:
        """Call an action and give its result."""
        return self.ask(action, arguments).result

    def send(self, method: str, url: str, headers: Mapping[str, str], data: Any = None, files: Any = None) -> Reply:
        """Send a request; a redirect, and what cannot be reached, is an error. A site that is busy is asked again after a while."""
        for waited in range(_AGAIN + 1):
            try:
                reply = self._send(method, url, headers, data, files)
            except requests.RequestException as error:
                raise self._unreachable(error) from None
            # A file that was sent is used up.
            if reply.status not in _BUSY or files or waited == _AGAIN:
                return reply
            time.sleep(_pause(reply.headers.get("Retry-After", "")))
        raise AssertionError("the last attempt returns")

    def _send(self, method: str, url: str, headers: Mapping[str, str], data: Any, files: Any) -> Reply:
        with self._session.request(
            method,
            url,
            headers=headers,
            data=data,
            files=files,
            timeout=(CONNECT, READ),
            allow_redirects=False,
            stream=True,
        ) as answer:
            if 300 <= answer.status_code < 400:
                raise self._redirected(answer.headers.get("Location", ""))
            pieces, size = [], 0
            for piece in answer.iter_content(_PIECE):
                size += len(piece)
                if size > MAX_ANSWER:
                    raise self.failure("size", f"> {MAX_ANSWER} Bytes")
                pieces.append(piece)
            return Reply(answer.status_code, answer.headers, b"".join(pieces))

    def _result(self, action: str, reply: Reply, wanted: str) -> Any:
        if reply.status == 412:
            raise site_errors.read(site_errors.CHANGED, {})
        if reply.status == 413:
            raise self.failure("size", "413 Content Too Large")
        text = reply.body.decode("utf-8", "replace")
        try:
            return reverse_apicontroller_action(self._address, reply.status, text)
        except ValidationError as error:
            raise site_errors.read(site_errors.INVALID, error.error_dict) from None
        except NotFound as error:
            raise site_errors.read(site_errors.NOT_FOUND, {"message": str(error)}, wanted) from None
        except NotAuthorized as error:
            raise site_errors.read(site_errors.DENIED, _details(error)) from None
        except (CKANAPIError, ServerIncompatibleError):
            if "Action name not known" in text:
                raise unknown_action(action, self._address) from None
            raise self.failure("status", f"{reply.status} {text}") from None

    def _redirected(self, location: str) -> SiteError:
        there = one_line(location, 200)
        return SiteError(
            Message(
                f"{self._address} leitet weiter nach {there}; ein Token reist nicht mit. Nächster Schritt: diese Adresse angeben",
                f"{self._address} redirects to {there}; a token does not travel on. Next step: give that address",
            ),
            site_errors.NO_ANSWER,
        )

    def _unreachable(self, error: requests.RequestException) -> FetchError:
        if isinstance(error, requests.exceptions.SSLError):
            message = Message(
                f"Dem Zertifikat von {self._address} wird nicht geglaubt. Nächster Schritt: offenbar doctor {self._address}; "
                "eine eigene Zertifizierungsstelle nennt die Umgebungsvariable REQUESTS_CA_BUNDLE",
                f"The certificate of {self._address} is not believed. Next step: offenbar doctor {self._address}; "
                "an authority of your own is named by the environment variable REQUESTS_CA_BUNDLE",
            )
            return FetchError(message, code="tls", url=self._address)
        if isinstance(error, requests.exceptions.Timeout):
            return self.failure("timeout", f"{READ:g} s")
        return self.failure("connection", type(error).__name__)

    def failure(self, code: str, why: str) -> FetchError:
        """Say that the site does not answer as it should."""
        said = one_line(why, 300)
        return FetchError(
            Message(
                f"{self._address} antwortet nicht, wie es soll ({said}). Nächster Schritt: offenbar doctor {self._address}",
                f"{self._address} does not answer as it should ({said}). Next step: offenbar doctor {self._address}",
            ),
            code=code,
            url=self._address,
        )


def _pause(retry_after: str) -> float:
    """Read how many seconds to wait (RFC 9110, section 10.2.3); dates are not waited for."""
    seconds = natural(retry_after)
    return 2.0 if seconds is None else min(float(seconds), _LONGEST_WAIT)


def checked_address(address: str, token: str = "") -> str:
    """Check the address of a site; ConfigError when it is none, or would send a token unencrypted."""
    try:
        parts = urlsplit(address.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if not iri.is_web(address.strip()) or not host or parts.username or parts.query or parts.fragment:
        raise ConfigError(
            Message(
                f"„{address[:100]}“ ist keine Adresse einer Website wie https://daten.example.org",
                f"“{address[:100]}” is no address of a site such as https://daten.example.org",
            )
        )
    if token and parts.scheme != "https" and host not in _LOOPBACK:
        raise ConfigError(
            Message(
                f"Über {parts.scheme}:// könnte jeder den Token mitlesen. Nächster Schritt: https://{parts.netloc} angeben",
                f"Over {parts.scheme}:// everybody could read the token. Next step: give https://{parts.netloc}",
            )
        )
    return address.strip().rstrip("/")


def _in_form(value: Any) -> Any:
    """Write a value for multipart/form-data, which knows texts only."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _details(error: NotAuthorized) -> Mapping[str, Any]:
    found = error.extra_msg
    return found if isinstance(found, Mapping) else {"message": str(found)}
