"""The link that sets a password: signed, for an hour or a week, and good once, because it contains a piece of what it changes."""

import datetime
import hashlib
import hmac
import logging
import threading
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from catalog import accounts, audit, mail
from catalog.access import ANONYMOUS
from catalog.config import Config
from catalog.db import now
from catalog.instance import Instance
from catalog.models_accounts import Account
from dcat.errors import ConfigError, OffenbarError
from dcat.message import Message
from dcat.states import DELETED

log = logging.getLogger(__name__)
RESET, INVITATION = datetime.timedelta(hours=1), datetime.timedelta(days=7)
# Mails that one account is sent in an hour, whoever asks for them.
MAILS = 3
ASKED = "account.reset_asked"
_SALT = "offenbar password link"


def address(config: Config, account: Account, lasts: datetime.timedelta, at: datetime.datetime) -> str:
    """Make the address at which a new password can be set. It begins with the site's own, whatever a request calls it."""
    until = int((at + lasts).timestamp())
    return f"{config.site_url}/user/reset/{_signer(config).dumps([account.id, until, _piece(account)])}"


def opened(session: Session, config: Config, proof: str, at: datetime.datetime) -> Account | None:
    """Find the account of a link; None when it is not ours, over, or used."""
    try:
        account_id, until, piece = _signer(config).loads(proof[:500])
    except (BadSignature, TypeError, ValueError):
        return None
    account = session.get(Account, str(account_id))
    if account is None or account.state == DELETED or at.timestamp() >= until:
        return None
    return account if hmac.compare_digest(_piece(account), str(piece)) else None


def _may_reset(account: Account) -> bool:
    """Tell whether somebody can ask for a link: not who only comes through OpenID Connect."""
    return bool(account.email) and account.state != DELETED and bool(account.password or not account.subject)


def ask(instance: Instance, name: str) -> None:
    """Send the owner of an account a link. Whoever asks learns nothing: neither from what happens nor from how long it takes.

    ConfigError when mail cannot be sent from here at all.
    """
    config = instance.config
    _require_mail(config)
    with instance.database.writing() as session:
        account = accounts.find_by_login(session, name)
        if account is None or not _may_reset(account) or _often(session, account):
            return
        audit.note(session, ANONYMOUS, ASKED, account.id, account.name)
        message = _message(config, account, address(config, account, RESET, now()), invitation=False)
    # Beside the request: a mail server takes its time, and only for accounts that exist.
    threading.Thread(target=_send_later, args=(config, message), daemon=True).start()


def invite(config: Config, account: Account) -> None:
    """Send a new account the link to its first password; ConfigError or StateError when mail cannot be sent."""
    _require_mail(config)
    _send(config, _message(config, account, address(config, account, INVITATION, now()), invitation=True))


def _require_mail(config: Config) -> None:
    mail.read_server(config.mail_server, config.mail_password)
    if not config.mail_from:
        raise ConfigError(Message("mail.from fehlt.", "mail.from is missing."))


def _send(config: Config, message: EmailMessage) -> None:
    with mail.opened(config) as post:
        post.send(message)


def _send_later(config: Config, message: EmailMessage) -> None:
    try:
        _send(config, message)
    except OffenbarError as error:
        log.error("a link to a new password could not be sent: %s", error.message.en)


def _often(session: Session, account: Account) -> bool:
    since = now() - datetime.timedelta(hours=1)
    return len(audit.entries(session, object_id=account.id, action=ASKED, since=since, limit=MAILS)) >= MAILS


def _message(config: Config, account: Account, link: str, *, invitation: bool) -> EmailMessage:
    message = EmailMessage()
    title = config.title
    message["From"] = config.mail_from
    message["To"] = account.email
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=urlsplit(config.site_url).hostname)
    message["Auto-Submitted"] = "auto-generated"
    message["Subject"] = f"Kennwort / Password: {title.de}"
    german = (
        f"für Sie gibt es jetzt das Konto „{account.name}“ bei {title.de}. Setzen Sie hier binnen 7 Tagen Ihr Kennwort:"
        if invitation
        else f"hier setzen Sie binnen einer Stunde ein neues Kennwort für Ihr Konto „{account.name}“ bei {title.de}:"
    )
    english = (
        f"there is an account “{account.name}” for you at {title.en} now. Set its password within 7 days at the address above."
        if invitation
        else f"at the address above you can set a new password of your account “{account.name}” at {title.en} within an hour."
    )
    ignore = (
        "Wenn Sie das nicht wollten, brauchen Sie nichts zu tun.",
        "If you did not ask for this, there is nothing to do.",
    )
    message.set_content(
        f"Guten Tag,\n\n{german}\n\n{link}\n\n{ignore[0]}\n\n--\n\nHello,\n\n{english}\n\n{ignore[1]}\n"
    )
    return message


def _piece(account: Account) -> str:
    """Name what a link is for; it changes with the password, the address and the state."""
    about = "\n".join((account.id, account.password, account.email, account.state))
    return hashlib.sha256(about.encode()).hexdigest()[:32]


def _signer(config: Config) -> URLSafeSerializer:
    return URLSafeSerializer(
        config.secret_key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    )
