"""Mails: rendered and written in the transaction of their cause, sent by a job with retries.

A mail server that is down loses nothing, since the row waits; and repeats nothing, since the row is locked while it is
sent and says afterwards that it was. One window remains that no protocol closes: a worker that dies after the server
took the mail and before the commit sends it again, with the same Message-ID, by which receivers know it.
With no server configured, mails are kept and shown at /dev/outbox on a development server.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import aiosmtplib

from core import files
from core.database import execute, fetch, new_id, transaction
from core.errors import InvalidInput
from core.i18n import current_locale, direction, use_locale
from core.jobs import enqueue, job
from core.models import OutgoingMail
from core.settings import get_settings
from core.templating import environment

EMPTIED = "This mail held a secret link; its words were removed when it was sent."
_AREA = "mails"
"""Where attachments lie: a mail's words and files go after a while, so nothing else may refer to them there."""


class SecretLink(str):
    """An address that opens something by itself. A mail that holds one is emptied once the mail server has taken it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    filename: str
    content_type: str
    content: bytes


async def send(
    template: str,
    *,
    to: tuple[str, str],
    context: Mapping[str, Any],
    locale: str = "en",
    attachments: Sequence[Attachment] = (),
    key: str | None = None,
    is_last: bool = False,
) -> None:
    """Write a mail to `to` (name, address) in the running transaction, and the job that sends it.

    Renders `templates/mail/<template>.txt`, whose first line is `Subject: …`, and `.html`, in `locale`. A second mail
    with the same `key` is not written. Attachments are stored first. Raises `InvalidInput` for an address that no
    header may hold.
    """
    name, address = to
    if not address.isprintable() or parseaddr(address)[1] != address:
        raise InvalidInput({"email": "This is not an e-mail address."})
    subject, text, html = render(template, context, locale)
    listed = [
        {"filename": a.filename, "content_type": a.content_type, "sha256": await files.put(a.content, area=_AREA)}
        for a in attachments
    ]
    async with transaction():
        if key is not None:
            # Two transactions with one key: the second waits here for the first, then sees its row.
            await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"mail {key}")
            if await OutgoingMail.exists(key=key):
                return
        mail = OutgoingMail(
            id=new_id(),
            key=key,
            template=template,
            to_name=_one_line(name)[:200],
            to_address=address,
            subject=subject,
            text=text,
            html=html,
            attachments=listed,
            locale=locale,
            is_last=is_last,
            has_secret=any(isinstance(value, SecretLink) for value in context.values()),
        )
        await mail.save(force_create=True)
        await enqueue("mail.deliver", {"id": str(mail.id)}, key=f"mail.deliver {mail.id}")


def render(template: str, context: Mapping[str, Any], locale: str) -> tuple[str, str, str]:
    """Subject, text and HTML of a mail template in a language."""
    before = current_locale()
    use_locale(locale)
    try:
        facts = {
            "public_url": get_settings().public_url,
            "locale": locale,
            "dir": direction(locale),
            **context,
        }
        plain = environment().get_template(f"mail/{template}.txt").render(facts).lstrip()
        head, _, text = plain.partition("\n")
        if not head.startswith("Subject: "):
            raise ValueError(f"mail/{template}.txt must begin with 'Subject: '")
        subject = _one_line(head.removeprefix("Subject: "))[:300]
        html = environment().get_template(f"mail/{template}.html").render({"subject": subject, **facts})
    finally:
        use_locale(before)
    return subject, text.strip() + "\n", html


@job("mail.deliver", attempts=14, at_once=4)
async def deliver(payload: dict[str, Any]) -> None:
    """Send one mail. Running it twice sends one; a refused recipient is noted and not tried again."""
    async with transaction():
        mail = await OutgoingMail.select_for_update().get_or_none(id=UUID(payload["id"]))
        if mail is None or mail.sent_at is not None or mail.failed_at is not None:
            return
        server = get_settings().smtp_url
        if server is not None:
            try:
                await _transmit(await message_of(mail), mail.to_address, server.get_secret_value())
            except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as refusal:
                if not _is_final(refusal):
                    raise
                mail.failed_at, mail.last_error = datetime.now(UTC), str(refusal)[:500]
                await mail.save(update_fields=["failed_at", "last_error", *_emptied(mail)])
                if mail.is_last:
                    await _forget("id = $1", mail.id)
                return
        mail.sent_at = datetime.now(UTC)
        if mail.is_last and server is not None:
            await mail.save(update_fields=["sent_at"])
            await _forget("id = $1", mail.id)
            return
        await mail.save(update_fields=["sent_at", *(_emptied(mail) if server is not None else ())])


def _emptied(mail: OutgoingMail) -> tuple[str, ...]:
    """Take the words off a mail that holds a secret link, whose only copy is the reader's now; names what changed."""
    if not mail.has_secret:
        return ()
    mail.text, mail.html, mail.has_secret = EMPTIED, "", False
    return "text", "html", "has_secret"


async def message_of(mail: OutgoingMail) -> EmailMessage:
    """The message as it is sent (RFC 5322), the same at every try."""
    settings = get_settings()
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = Address(display_name=mail.to_name, addr_spec=mail.to_address)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}@{urlsplit(settings.public_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.locale.replace("_", "-")
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for listed in mail.attachments:
        content = await content_of(listed)
        maintype, _, rest = listed["content_type"].partition("/")
        subtype, _, parameters = rest.partition(";")
        named = dict(pair.strip().split("=", 1) for pair in parameters.split(";") if "=" in pair)
        message.add_attachment(
            content, maintype=maintype, subtype=subtype.strip(), filename=listed["filename"], params=named
        )
    return message


async def outbox(limit: int = 100) -> list[OutgoingMail]:
    """The latest mails, newest first, for the development page."""
    return await OutgoingMail.all().order_by("-created_at", "-id").limit(limit)


async def content_of(listed: Mapping[str, Any]) -> bytes:
    """The bytes of one entry of a mail's `attachments`. Raises `NotFound`."""
    return await files.get(listed["sha256"], area=_AREA)


async def forget_to(address: str, *, only_sent: bool = False) -> None:
    """Forget the words and files of all mails to an address, and send none of them that waits.

    With `only_sent` those that wait stay. The rows stay too, since their keys keep a mail from being sent twice.
    """
    await _forget("to_address = $1 AND (sent_at IS NOT NULL OR NOT $2)", address, only_sent)


async def forget_once_sent(address: str) -> None:
    """Forget the words and files of all mails to an address: of those that wait, once they are sent."""
    # Waits for one that is being sent, which the statement after it then finds sent.
    await execute("UPDATE outgoing_mail SET is_last = true WHERE to_address = $1 AND sent_at IS NULL", address)
    await forget_to(address, only_sent=True)


async def forget_sent_before(moment: datetime) -> None:
    """Forget the words and files of mails written before `moment`, unless they still wait to be sent."""
    await _forget("created_at < $1 AND (sent_at IS NOT NULL OR failed_at IS NOT NULL) AND to_address <> ''", moment)


async def _forget(condition: str, *values: object) -> None:
    async with transaction():
        rows = await fetch(f"SELECT id, attachments FROM outgoing_mail WHERE {condition} FOR UPDATE", *values)
        await execute(
            """UPDATE outgoing_mail SET to_name = '', to_address = '', subject = '', text = '', html = '',
               last_error = '', attachments = '[]', sent_at = coalesce(sent_at, now()) WHERE id = ANY($1)""",
            [row["id"] for row in rows],
        )
        digests = sorted({listed["sha256"] for row in rows for listed in json.loads(row["attachments"])})
        for start in range(0, len(digests), 1000):
            await enqueue("mail.forget_files", {"sha256": digests[start : start + 1000]})


@job("mail.forget_files")
async def forget_files(payload: dict[str, Any]) -> None:
    """Remove the files of forgotten mails from the store, but those that another mail has as well."""
    rows = await fetch(
        """SELECT DISTINCT listed->>'sha256' AS sha256 FROM outgoing_mail, jsonb_array_elements(attachments) listed
           WHERE listed->>'sha256' = ANY($1)""",
        payload["sha256"],
    )
    for digest in sorted(set(payload["sha256"]) - {row["sha256"] for row in rows}):
        await files.remove(digest, area=_AREA)


_SHORT = 70  # characters that stand on one line, whatever the header


class _WholeWords(EmailPolicy):
    """Writes the headers itself that Python 3.11 folds wrongly: it drops spaces between encoded words (RFC 2047), and
    the quotes around a long name with a comma, which makes several addresses of it; and adds one before a long word.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:  # Any: a header object of the email package
        """The header's lines, with CRLF; those that hold encoded words have 76 characters at most."""
        text = str(value)
        if (text.isascii() and len(text) < _SHORT) or name not in ("Subject", "From", "To"):
            return super().fold_binary(name, value)
        address = None if name == "Subject" else value.addresses[0]
        if address is not None and not address.display_name:
            return super().fold_binary(name, value)
        words = _encoded(name, text if address is None else address.display_name)
        return (words if address is None else f"{words}\r\n <{address.addr_spec}>").encode("ascii") + b"\r\n"


def _encoded(name: str, text: str) -> str:
    lines = Header(text, "utf-8", maxlinelen=74, header_name=name).encode(linesep="\r\n")
    return f"{name}: {lines}"


_POLICY = _WholeWords(**{name: getattr(SMTP, name) for name in ("linesep", "cte_type", "max_line_length")})


def wire_form(message: EmailMessage) -> bytes:
    """The message as bytes for a mail server (RFC 5322): each header says exactly what was put into it."""
    return message.as_bytes(policy=_POLICY)


async def _transmit(message: EmailMessage, recipient: str, server: str) -> None:
    parts = urlsplit(server)
    wants_starttls = parse_qs(parts.query).get("starttls", ["0"])[0] in ("1", "true")
    await aiosmtplib.send(
        wire_form(message),
        sender=parseaddr(get_settings().mail_from)[1],
        recipients=[recipient],
        hostname=parts.hostname or "localhost",
        port=parts.port or (465 if parts.scheme == "smtps" else 25),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=parts.scheme == "smtps",
        start_tls=wants_starttls,
        timeout=30,
    )


def _is_final(refusal: aiosmtplib.SMTPException) -> bool:
    """Whether the server will never take this mail: a 5xx about its recipient or content (RFC 5321 section 4.2.1).

    A 5xx to the greeting, the sign-in or the sender is about our configuration: such mails wait until it is mended.
    """
    if isinstance(refusal, aiosmtplib.SMTPRecipientsRefused):
        return all(500 <= one.code < 600 for one in refusal.recipients)
    return isinstance(refusal, aiosmtplib.SMTPDataError) and 550 <= refusal.code < 560


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
