"""5,000 certificates of attendance in one run of one worker that is killed twice, beside what the libraries allow.

The bare limits are the least code that does the same work with the libraries alone, on one core of this process: a
reportlab page, a pyHanko signature with a fixed reserve, openbadgeslib's proof over the very credentials issued. What
the run does besides (facts, two statuses of a list, file, five rows, mail and its sending) is Confero's.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from time import process_time
from typing import Any
from uuid import UUID

import psutil
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from openbadgeslib.ob3.ldp import add_data_integrity_proof
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from reportlab.pdfgen.canvas import Canvas

from accounts.models import Organization
from benchmarks import certificate_pdf, crowd
from benchmarks.stage import Measured, Stage
from certification.attendance import conferring
from certification.attendance.models import AttendanceOffer
from certification.badges import credential
from certification.badges.models import Badge
from certification.signing import development, pades
from certification.signing.keys import key_in_use
from core.database import execute, fetchrow, fetchval
from events.catalog.models import Event
from events.onsite.models import CheckInList

ATTENDEES = 5_000
_KILLED_AT = (0.1, 0.2)
_TRIES = 40
_LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Ran:
    """How the worker that lived longest did: certificates a second of its processor time and by the clock, and its
    resident MiB over its life."""

    per_core_second: float
    per_second: float
    memory: tuple[float, float, float]


async def run(stage: Stage, attendees: int = ATTENDEES) -> list[Measured]:
    """PDF, signature and badge beside their bare limits, then the whole run; fails where anybody has none or two."""
    pages = certificate_pdf.run()
    event = await _event_over(attendees)
    begun = await conferring.confer(event, by=None, now=datetime.now(UTC))
    ran = await _work(stage, begun.id, attendees)
    await _check(attendees)
    # In a thread, since pyHanko runs an event loop of its own.
    signature = await asyncio.to_thread(_rates, _bare_signature(), _signature(event.organization))
    badge = await asyncio.to_thread(_rates, *await _badges(event.organization))
    unit, plain = "/s of one core", pages["layouts"]["plain"]["rate"]
    together = 1 / sum(1 / limit for limit in (pages["bare"], signature[0], badge[0]))
    start, middle, end = ran.memory
    memory = f"worker {start:,.0f}, {middle:,.0f}, {end:,.0f} MiB at start, middle and end"
    return [
        Measured("attendance: PDF alone", pages["bare"], plain, 0.6, unit),
        Measured("attendance: signature", *signature, 0, unit, "pyHanko, PAdES B-B, ECDSA P-256"),
        Measured("attendance: badge", *badge, 0, unit, "openbadgeslib, eddsa-rdfc-2022; ours with VC-JWT"),
        Measured(
            f"attendance: {attendees:,} in one run",
            together,
            ran.per_core_second,
            0,
            unit,
            f"{ran.per_second:,.0f} /s by the clock of one worker; killed twice, nobody twice; {memory}",
        ),
    ]


async def _event_over(attendees: int) -> Event:
    event = await crowd.event_with(attendees)
    now = datetime.now(UTC)
    await Event.filter(id=event.id).update(starts_at=now - timedelta(hours=9), ends_at=now - timedelta(hours=1))
    await AttendanceOffer.create(event_id=event.id)
    entrance = await CheckInList.get(event_id=event.id)
    await execute(
        """INSERT INTO check_in (id, check_in_list_id, registration_id, checked_in_at)
           SELECT gen_random_uuid(), $1, id, now() FROM registration WHERE event_id = $2""",
        entrance.id,
        event.id,
    )
    return await Event.get(id=event.id).select_related("organization")


async def _work(stage: Stage, run_id: UUID, attendees: int) -> Ran:
    """Let a worker do the run, kill it twice, and watch the third to the end."""
    for share in _KILLED_AT:
        worker = await _worker(stage)
        await _until("count(*) >= $1 FROM certificate", int(attendees * share))
        worker.kill()
        await worker.wait()
    worker = await _worker(stage)
    memory: list[float] = []
    process, before = psutil.Process(worker.pid), await _issued()
    await _until("count(*) > $1 FROM certificate", before + attendees // 50)
    started, used, first = time.perf_counter(), sum(process.cpu_times()[:2]), await _issued()
    while await fetchval("SELECT state = 'running' FROM bulk_run WHERE id = $1", run_id):
        memory.append(process.memory_info().rss / 2**20)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    seconds = time.perf_counter() - started
    used = sum(process.cpu_times()[:2]) - used
    made = await _issued() - first
    await _until("count(*) = 0 FROM outgoing_mail WHERE sent_at IS NULL")
    worker.kill()
    await worker.wait()
    return Ran(made / used, made / seconds, (memory[0], memory[len(memory) // 2], memory[-1]))


async def _worker(stage: Stage) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "CONFERO_DATABASE_URL": stage.settings.database_url or "",
        "CONFERO_ENVIRONMENT": "test",
        "CONFERO_PUBLIC_URL": stage.settings.public_url,
        "CONFERO_VAR_DIR": str(stage.settings.var_dir),
        "CONFERO_FONTS_DIR": str(stage.settings.fonts_dir),
    }
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.quick_worker", env=environment)


async def _check(attendees: int) -> None:
    row = await fetchrow(
        """SELECT (SELECT count(*) FROM certificate) AS certificates,
                  (SELECT count(DISTINCT person_id) FROM certificate) AS holders,
                  (SELECT count(*) FROM badge) AS badges,
                  (SELECT count(*) FROM outgoing_mail WHERE template = 'certificates/issued') AS mails,
                  (SELECT count(*) FROM bulk_line WHERE state = 'done') AS done"""
    )
    if row is None or set(row.values()) != {attendees}:
        raise RuntimeError(f"of {attendees} there are {dict(row) if row else None}")


async def _issued() -> int:
    return int(await fetchval("SELECT count(*) FROM certificate"))


async def _until(condition: str, *arguments: object) -> None:
    while not await fetchval(f"SELECT {condition}", *arguments):  # noqa: ASYNC110  another process does it
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _rates(bare: Callable[[int], None], ours: Callable[[int], None]) -> tuple[float, float]:
    """How many a second of processor time each does, in turn after one to warm up."""
    found = []
    for work in (bare, ours):
        work(0)
        started = process_time()
        for index in range(_TRIES):
            work(index)
        found.append(_TRIES / (process_time() - started))
    return found[0], found[1]


def _page() -> bytes:
    output = BytesIO()
    canvas = Canvas(output, pagesize=(842, 595))
    canvas.drawString(72, 300, "Certificate of attendance")
    canvas.showPage()
    canvas.save()
    return output.getvalue()


def _bare_signature() -> Callable[[int], None]:
    """pyHanko as it comes, with room for the signature given, which saves it signing twice."""
    signer = signers.SimpleSigner.load_pkcs12_data(development.self_signed("Bench Foundation"), [], passphrase=None)
    chosen: Any = signers.PdfSignatureMetadata(field_name="Signature")  # Any: pyHanko is not annotated
    page = _page()

    def sign(_index: int) -> None:
        signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(page)), chosen, signer=signer, bytes_reserved=8192)

    return sign


def _signature(organization: Organization) -> Callable[[int], None]:
    page, now = _page(), datetime.now(UTC)

    def sign(_index: int) -> None:
        pades.sign_pdf_here(page, organization.slug, organization_name=organization.name, now=now)

    return sign


async def _badges(organization: Organization) -> tuple[Callable[[int], None], Callable[[int], None]]:
    """The library's proof and ours, over the same credentials."""
    documents = [json.loads(one.credential) for one in await Badge.all().limit(_TRIES)]
    for document in documents:
        del document["proof"]
    own, key, now = Ed25519PrivateKey.generate(), await key_in_use(organization.id), datetime.now(UTC)
    pem = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def bare(index: int) -> None:
        add_data_integrity_proof(documents[index], pem, "did:web:localhost#key")

    def ours(index: int) -> None:
        credential.secure(documents[index], key, now=now)

    return bare, ours
