"""A provider of OpenID Connect on loopback, for tests: discovery, codes with PKCE, signed ID tokens. A test makes it lie."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "katalog", "ein Geheimnis beim Anbieter"
CALLBACK = "https://daten.example.org/user/oidc/back"


@dataclass
class Provider:
    """Who is signed in there, and in what the provider deviates from the truth."""

    issuer: str
    person: dict[str, Any]
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signing: RSAKey | None = None
    unsigned: bool = False
    without_id_token: bool = False
    pause: float = 0.0
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def described(self) -> dict[str, Any]:
        """Give the discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            **self.metadata,
        }

    def authorized(self, sent: dict[str, str]) -> str:
        """Let the person in and give the address to send the browser back to."""
        assert sent["response_type"] == "code" and sent["client_id"] == CLIENT and sent["redirect_uri"] == CALLBACK
        assert sent["code_challenge_method"] == "S256" and len(sent["code_challenge"]) >= 43
        assert len(sent["state"]) >= 16 and len(sent["nonce"]) >= 16 and "openid" in sent["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = sent
        return CALLBACK + "?" + urlencode({"code": code, "state": sent["state"]})

    def token(self, sent: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Change a code for tokens, once, for who can prove to have asked for it."""
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        begun = self.codes.pop(sent.get("code", ""), None)
        if given != f"{CLIENT}:{SECRET}" or begun is None or sent.get("redirect_uri") != begun["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != begun["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 60}
        return 200, answer if self.without_id_token else {**answer, "id_token": self._id_token(begun["nonce"])}

    def _id_token(self, nonce: str) -> str:
        at = int(time.time())
        said = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": at,
            "exp": at + 300,
            "nonce": nonce,
            **self.person,
            **self.claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        if self.unsigned:
            parts = ({"alg": "none", "kid": "one"}, said)
            return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."
        return jwt.encode({"alg": "RS256", "kid": "one"}, said, self.signing or self.key)


@contextmanager
def running(person: dict[str, Any]) -> Iterator[Provider]:
    """Run a provider until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            time.sleep(provider.pause)
            if parts.path == "/authorize":
                sent = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorized(sent))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif parts.path == "/keys":
                self._say(200, {"keys": [provider.key.as_dict(private=False)]})
            elif parts.path == "/.well-known/openid-configuration":
                self._say(200, provider.described())
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(*provider.token(sent, self.headers.get("Authorization", "")))

        def _say(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(issuer=f"http://127.0.0.1:{server.server_port}", person=person)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
