"""What a mail server may say or leave unsaid, and that no answer loses a mail or sends it twice."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core import mail
from core.database import fetchrow, fetchval, transaction
from core.job_runner import run_pending
from core.settings import Settings
from tests.integration.test_jobs import QUICK
from tests.integration.test_mail import CERTIFICATE, smtp_server, write
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parent.parent.parent

KILLED_DELIVERY = """
import asyncio, sys
from core import database, mail
from core.settings import Environment, Settings, use_settings

async def main():
    use_settings(Settings(environment=Environment.test, smtp_url=sys.argv[2], public_url="http://testserver"))
    await database.connect(sys.argv[1])
    await mail.deliver({"id": sys.argv[3]})

asyncio.run(main())
"""


class Dialogue:
    """A mail server that speaks line by line; `says` overrides its answer to a verb, None means silence."""

    def __init__(self) -> None:
        self.says: dict[str, str | None] = {}
        self.bodies: list[bytes] = []
        self.heard = asyncio.Event()

    def answer(self, verb: str, usual: str) -> str | None:
        return self.says.get(verb, usual)


@asynccontextmanager
async def dialogue(settings: Settings) -> AsyncIterator[Dialogue]:
    """Run a `Dialogue` and name it in the settings."""
    spoken = Dialogue()
    writers: list[asyncio.StreamWriter] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        line, verb = b"", "GREETING"
        usual = {"GREETING": "220 ready", "DATA": "354 go on", "QUIT": "221 bye"}
        while True:
            answer = spoken.answer(verb, usual.get(verb, "250 OK"))
            if answer is not None:
                writer.write(answer.encode() + b"\r\n")
            if answer is not None and verb == "DATA" and answer.startswith("354"):
                spoken.bodies.append(await reader.readuntil(b"\r\n.\r\n"))
                spoken.heard.set()
                verb = "BODY"
                continue
            line = await reader.readline()
            if not line:
                return
            verb = line.split()[0].decode().upper()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    settings.smtp_url = SecretStr(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield spoken
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(w.wait_closed() for w in writers), return_exceptions=True)


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("GREETING", "554 no service here today"),
        ("EHLO", "550 who are you"),
        ("MAIL", "550 this sender may not send here"),
        ("RCPT", "450 mailbox busy"),
        ("DATA", "451 no room"),
        ("BODY", "452 try later"),
    ],
)
async def test_refusal_of_anything_but_the_mail_itself_is_tried_again(
    database: str, settings: Settings, verb: str, answer: str
) -> None:
    async with dialogue(settings) as spoken:
        spoken.says = {verb: answer, **({"HELO": answer} if verb == "EHLO" else {})}
        await write()
        with pytest.raises(Exception, match=answer[4:]):
            await run_pending(pace=QUICK)
        assert await fetchval("SELECT sent_at IS NULL AND failed_at IS NULL FROM outgoing_mail") is True

        spoken.says, spoken.bodies = {}, []
        await run_pending(pace=QUICK)

    assert len(spoken.bodies) == 1
    assert await fetchval("SELECT sent_at IS NOT NULL FROM outgoing_mail") is True


@pytest.mark.parametrize(("verb", "answer"), [("RCPT", "550 no such mailbox"), ("BODY", "554 looks like spam")])
async def test_final_refusal_is_noted_once(database: str, settings: Settings, verb: str, answer: str) -> None:
    async with dialogue(settings) as spoken:
        spoken.says = {verb: answer}
        await write()
        assert await run_pending(pace=QUICK) == 1
        assert await run_pending(pace=QUICK) == 0

    row = await fetchrow("SELECT sent_at, failed_at, last_error FROM outgoing_mail")
    assert row is not None
    assert (row["sent_at"], row["failed_at"] is not None) == (None, True)
    assert answer[4:] in row["last_error"]


async def test_delivery_killed_before_the_answer_is_made_by_the_next(database: str, settings: Settings) -> None:
    """The one window: the server has the mail and never said so. The second copy bears the same Message-ID."""
    async with dialogue(settings) as spoken:
        spoken.says = {"BODY": None}
        await write()
        assert settings.smtp_url is not None
        killed = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            KILLED_DELIVERY,
            database,
            settings.smtp_url.get_secret_value(),
            str(await fetchval("SELECT id FROM outgoing_mail")),
            cwd=ROOT,
        )
        await asyncio.wait_for(spoken.heard.wait(), PATIENCE)
        killed.kill()
        await killed.wait()
        assert await fetchval("SELECT sent_at IS NULL FROM outgoing_mail") is True

        spoken.says = {}
        await run_pending(pace=QUICK)
        await mail.deliver({"id": str(await fetchval("SELECT id FROM outgoing_mail"))})

    ids = [re.search(rb"Message-ID: (\S+)", body, re.I) for body in spoken.bodies]
    assert len(ids) == 2
    assert ids[0] is not None
    assert ids[1] is not None
    assert ids[0][1] == ids[1][1]
    assert await fetchval("SELECT sent_at IS NOT NULL FROM outgoing_mail") is True


async def test_same_occasion_in_two_transactions_at_once_is_written_once(database: str, settings: Settings) -> None:
    both_began = asyncio.Barrier(2)

    async def occasion() -> None:
        async with transaction():
            await both_began.wait()
            await write(key="certificate 1")

    await asyncio.gather(occasion(), occasion())

    assert await fetchval("SELECT count(*) FROM outgoing_mail") == 1


async def test_mail_of_a_change_that_is_undone_is_not_written(database: str, settings: Settings) -> None:
    async def change_that_fails() -> None:
        async with transaction():
            await write()
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        await change_that_fails()

    assert await fetchval("SELECT count(*) FROM outgoing_mail") == 0
    assert await run_pending() == 0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zoë Ångström", "Zoë Ångström"),
        ("أمينة العلي", "أمينة العلي"),
        ('Amina "Mina" O\'Hara, PhD <x@example.org>', 'Amina "Mina" O\'Hara, PhD <x@example.org>'),
        ("Amina\r\nBcc: all@example.org", "Amina Bcc: all@example.org"),
        ("\x00\u2028", ""),
        ("", ""),
    ],
)
async def test_any_name_makes_one_recipient(database: str, settings: Settings, name: str, shown: str) -> None:
    async with smtp_server(settings) as received:
        await mail.send("certificates/issued", to=(name, "amina@example.org"), context=CERTIFICATE)
        await run_pending()

    (message,) = received.messages
    (recipient,) = message["To"].addresses
    assert (recipient.display_name, recipient.addr_spec) == (shown, "amina@example.org")
    assert message["Bcc"] is None


async def test_subject_stays_on_its_line(database: str, settings: Settings) -> None:
    context = {**CERTIFICATE, "certificate": {**CERTIFICATE["certificate"], "achievement": "A\r\nBcc: all@example.org"}}
    async with smtp_server(settings) as received:
        await mail.send("certificates/issued", to=("Amina", "amina@example.org"), context=context)
        await run_pending()

    (message,) = received.messages
    assert message["Bcc"] is None
    assert str(message["Subject"]).startswith("Your certificate: A")


async def test_attachment_name_and_type_survive(database: str, settings: Settings) -> None:
    attachments = [
        mail.Attachment("Übersicht Été.ics", "text/calendar; method=REQUEST; charset=utf-8", "SUMMARY:Été".encode()),
        mail.Attachment("ticket.pdf", "application/pdf", b"%PDF-1.7\r\n\x00\xff"),
    ]
    async with dialogue(settings) as spoken:
        await write(attachments=attachments)
        await run_pending()

    message: Any = message_from_bytes(spoken.bodies[0], policy=policy.default)
    first, second = message.iter_attachments()
    assert (first.get_filename(), first.get_content_type()) == ("Übersicht Été.ics", "text/calendar")
    assert (first["Content-Type"].params["method"], first.get_content()) == ("REQUEST", "SUMMARY:Été")
    assert (second.get_filename(), second.get_content()) == ("ticket.pdf", b"%PDF-1.7\r\n\x00\xff")
