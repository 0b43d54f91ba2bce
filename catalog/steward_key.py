"""The steward's link: an address that lets its holder read the steward's pages until the next day. It is signed, nothing is stored."""

import datetime
import hashlib

from itsdangerous import BadSignature, URLSafeSerializer

from catalog.config import Config

LASTS = datetime.timedelta(days=1)
# Each purpose has a key of its own: a link is no cookie, and neither is any other signature of this site.
LINK, COOKIE = "offenbar steward link", "offenbar steward cookie"


def sign(config: Config, purpose: str, until: datetime.datetime) -> str:
    """Make what proves access until an instant, for one purpose."""
    return str(_signer(config, purpose).dumps(int(until.timestamp())))


def expiry(config: Config, purpose: str, proof: str, at: datetime.datetime) -> datetime.datetime | None:
    """Tell until when a proof holds; None when it is not ours, for another purpose, or over."""
    try:
        stated = _signer(config, purpose).loads(proof[:500])
        until = datetime.datetime.fromtimestamp(stated, datetime.UTC)
    except (BadSignature, TypeError, ValueError, OverflowError, OSError):
        return None
    return until if at < until <= at + LASTS + datetime.timedelta(minutes=5) else None


def address(config: Config, at: datetime.datetime) -> tuple[str, datetime.datetime]:
    """Make the address to open in a browser, and tell until when it holds."""
    until = at + LASTS
    return f"{config.site_url}/steward/open/{sign(config, LINK, until)}", until


def _signer(config: Config, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        config.secret_key, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    )
