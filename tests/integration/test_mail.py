"""Mails: written with their cause, sent once, and never lost while the mail server is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from accounts import emails
from accounts.models import LinkPurpose
from core import mail
from core.database import fetch, fetchrow, fetchval
from core.errors import InvalidInput
from core.job_runner import run_pending
from core.models import OutgoingMail
from core.settings import Settings
from tests.integration.test_jobs import QUICK
from tests.ports import free_port

CERTIFICATE: dict[str, Any] = {
    "certificate": {
        "achievement": "Associate",
        "holder_name": "Amina Otieno",
        "issuer_name": "Open Systems Foundation",
        "number": "7K3M-9QXT-2WBD",
        "valid_until": None,
    },
    "verify_url": "http://testserver/verify/7K3M-9QXT-2WBD",
}


LINK = mail.SecretLink("http://testserver/reset/s3cr3t")


def body_of(message: EmailMessage) -> str:
    """The text of a message as it was sent."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


class Received:
    """An SMTP server's memory; `answer` is what it says to each message."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answer


@asynccontextmanager
async def smtp_server(settings: Settings, port: int = 0) -> AsyncIterator[Received]:
    received = Received()
    controller = Controller(received, hostname="127.0.0.1", port=port or free_port())
    await asyncio.to_thread(controller.start)
    settings.smtp_url = SecretStr(f"smtp://127.0.0.1:{controller.port}")
    try:
        yield received
    finally:
        await asyncio.to_thread(controller.stop)


async def write(key: str | None = None, address: str = "amina@example.org", **more: Any) -> None:
    await mail.send("certificates/issued", to=("Amina, Otieno", address), context=CERTIFICATE, key=key, **more)


async def test_mail_arrives_with_both_parts_and_its_attachment(database: str, settings: Settings) -> None:
    async with smtp_server(settings) as received:
        await write(attachments=[mail.Attachment("ticket.pdf", "application/pdf", b"%PDF-1.7 bytes")])
        await run_pending()

    (message,) = received.messages
    assert message["To"] == '"Amina, Otieno" <amina@example.org>'
    assert message["Subject"] == "Your certificate: Associate"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "http://testserver/verify/7K3M-9QXT-2WBD" in text.get_content()
    assert '<a href="http://testserver/verify/7K3M-9QXT-2WBD">' in html.get_content()
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("ticket.pdf", b"%PDF-1.7 bytes")


async def test_server_that_is_down_loses_nothing_and_repeats_nothing(database: str, settings: Settings) -> None:
    port = free_port()
    settings.smtp_url = SecretStr(f"smtp://127.0.0.1:{port}")
    await write()
    with pytest.raises(OSError, match=r"(?i)connect"):
        await run_pending(pace=QUICK)

    async with smtp_server(settings, port) as received:
        await run_pending(pace=QUICK)
        await mail.deliver({"id": str(await fetchval("SELECT id FROM outgoing_mail"))})

    assert len(received.messages) == 1
    assert await fetchval("SELECT sent_at IS NOT NULL FROM outgoing_mail") is True


async def test_two_runs_at_once_send_one(database: str, settings: Settings) -> None:
    async with smtp_server(settings) as received:
        await write()
        payload = {"id": str(await fetchval("SELECT id FROM outgoing_mail"))}
        await asyncio.gather(*(mail.deliver(payload) for _ in range(5)))

    assert len(received.messages) == 1


async def test_same_occasion_is_written_once(database: str, settings: Settings) -> None:
    await write(key="certificate 1")
    await write(key="certificate 1")
    await write(key="certificate 2")

    assert await OutgoingMail.all().count() == 2


async def test_refused_recipient_is_noted_and_not_tried_again(database: str, settings: Settings) -> None:
    async with smtp_server(settings) as received:
        received.answer = "550 no such mailbox"
        await write()
        await run_pending(pace=QUICK)

    row = await fetchrow("SELECT sent_at, failed_at, last_error FROM outgoing_mail")
    assert row is not None
    assert (row["sent_at"], row["failed_at"] is not None) == (None, True)
    assert "no such mailbox" in row["last_error"]
    assert len(received.messages) == 1


async def test_passing_refusal_is_tried_again(database: str, settings: Settings) -> None:
    async with smtp_server(settings) as received:
        received.answer = "451 try later"
        await write()
        with pytest.raises(Exception, match="try later"):
            await run_pending(pace=QUICK)
        received.answer = "250 OK"
        await run_pending(pace=QUICK)

    assert len(received.messages) == 2
    assert received.messages[0]["Message-ID"] == received.messages[1]["Message-ID"]


async def test_without_a_server_mails_are_kept_for_reading(database: str, settings: Settings) -> None:
    await write()
    await run_pending()

    (kept,) = await mail.outbox()
    assert (kept.to_address, kept.subject) == ("amina@example.org", "Your certificate: Associate")


async def test_address_that_breaks_the_header_is_refused(database: str, settings: Settings) -> None:
    with pytest.raises(InvalidInput, match="e-mail address"):
        await write(address="a@example.org\r\nBcc: all@example.org")


@pytest.fixture(autouse=True)
def _no_real_server(settings: Settings) -> None:
    settings.smtp_url = None


async def test_a_mail_with_a_secret_link_is_emptied_once_the_server_has_it(database: str, settings: Settings) -> None:
    await mail.send("accounts/reset", to=("", "amina@example.org"), context={"link": LINK})
    async with smtp_server(settings) as received:
        received.answer = "451 try later"
        with pytest.raises(Exception, match="try later"):
            await run_pending(pace=QUICK)
        waiting = await OutgoingMail.get()
        assert LINK in waiting.text, "a mail that waits must still work"
        received.answer = "250 OK"
        await run_pending(pace=QUICK)
    assert [LINK in body_of(message) for message in received.messages] == [True, True]
    sent = await OutgoingMail.get()
    assert (sent.text, sent.html, sent.sent_at is not None) == (mail.EMPTIED, "", True)
    mails = await fetch("SELECT to_jsonb(m)::text AS written FROM outgoing_mail m")
    jobs = await fetch("SELECT to_jsonb(q)::text || convert_from(payload, 'UTF8') AS written FROM pgqueuer q")
    assert [row["written"] for row in (*mails, *jobs) if "s3cr3t" in row["written"]] == []


async def test_a_refused_mail_with_a_secret_link_is_emptied_too(database: str, settings: Settings) -> None:
    async with smtp_server(settings) as received:
        received.answer = "550 no such mailbox"
        await mail.send("accounts/reset", to=("", "amina@example.org"), context={"link": LINK})
        await run_pending(pace=QUICK)
    assert (await OutgoingMail.get()).text == mail.EMPTIED


async def test_other_mails_keep_their_words(database: str, settings: Settings) -> None:
    async with smtp_server(settings):
        await write()
        await run_pending(pace=QUICK)
    assert "7K3M-9QXT-2WBD" in (await OutgoingMail.get()).text


async def test_a_development_outbox_keeps_its_links(database: str, settings: Settings) -> None:
    await mail.send("accounts/reset", to=("", "amina@example.org"), context={"link": LINK})
    await run_pending()
    assert LINK in (await OutgoingMail.get()).text


def test_every_link_of_accounts_is_a_secret(settings: Settings) -> None:
    assert [type(emails.address_of(purpose, "s3cr3t")) for purpose in LinkPurpose] == [mail.SecretLink] * len(
        LinkPurpose
    )


async def test_nothing_stays_of_the_last_mail_to_somebody_once_it_is_sent(database: str, settings: Settings) -> None:
    attached = [mail.Attachment("a.pdf", "application/pdf", b"%PDF-1.7")]
    address = "amina@example.org"
    async with smtp_server(settings) as received:
        await mail.send("accounts/erased", to=("Amina", address), context={}, attachments=attached, is_last=True)
        await mail.send("accounts/reset", to=("Amina", address), context={"link": LINK})
        await mail.forget_once_sent(address)
        assert await OutgoingMail.filter(to_address=address).count() == 2, "what waits is sent first"
        await run_pending(pace=QUICK)
    assert len(received.messages) == 2
    rows = await fetch("SELECT to_jsonb(m)::text AS written FROM outgoing_mail m")
    assert [row["written"] for row in rows if "mina" in row["written"] or "a.pdf" in row["written"]] == []
