"""A run whose worker is killed twice in the middle: everybody gets one certificate, one badge and one mail."""

import asyncio
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

from certification.attendance import conferring
from certification.badges.models import Badge
from certification.bulk.models import BulkLine, BulkRun, LineState, RunState
from certification.certificates.models import Certificate, IssueRequest
from certification.renewal.models import Credit
from core import files
from core.database import execute, fetch, fetchval
from core.models import OutgoingMail
from core.settings import Settings
from events.registration.models import TicketType
from tests.factories import certification
from tests.gate import gate
from tests.integration.certification.test_attendance import door, held_event, offer
from tests.patience import PATIENCE
from tests.postgres import ROOT

ATTENDEES = 200
NOW = datetime.now(UTC)


async def start_worker(settings: Settings) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFERO_")} | {
        "CONFERO_ENVIRONMENT": "test",
        "CONFERO_PUBLIC_URL": settings.public_url,
        "CONFERO_DATABASE_URL": settings.database_url or "",
        "CONFERO_VAR_DIR": str(settings.var_dir),
        "CONFERO_FONTS_DIR": str(settings.fonts_dir),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.certification.quick_worker", cwd=ROOT, env=environment
    )


async def wait_for(condition: str, *arguments: object) -> None:
    """Wait until a query of another process's doing is true."""
    async with asyncio.timeout(PATIENCE):
        while not await fetchval(f"SELECT {condition}", *arguments):  # noqa: ASYNC110  another process does it
            await asyncio.sleep(0.02)


async def an_event_over_with(count: int) -> BulkRun:
    """The run of an event that `count` people were checked in at, not begun by any worker."""
    event, organizer = await held_event(title="Nairobi Systems Days")
    exam = await certification.certification(await event.organization, items={})
    await offer(event, organizer, certifications=[exam.slug], credits_per_hour=Decimal(1))
    await execute(
        """WITH guest AS (
               INSERT INTO person (id, email, display_name, certificate_name, email_confirmed_at, created_at)
               SELECT gen_random_uuid(), 'guest-' || n || '@example.org', 'Guest ' || n, 'Guest ' || n, now(), now()
               FROM generate_series(1, $4) n RETURNING id, display_name
           ), place AS (
               INSERT INTO registration (id, event_id, ticket_type_id, person_id, attendee_name, code, status, locale,
                                         created_at)
               SELECT gen_random_uuid(), $1, $2, id, display_name, upper(substr(md5(id::text), 1, 20)), 'confirmed',
                      'en', now() FROM guest RETURNING id
           )
           INSERT INTO check_in (id, check_in_list_id, registration_id, checked_in_at)
           SELECT gen_random_uuid(), $3, id, now() FROM place""",
        event.id,
        (await TicketType.get(event_id=event.id)).id,
        (await door(event)).id,
        count,
    )
    return await conferring.confer(event, by=None, now=NOW)


async def test_killed_twice_in_the_middle_everybody_gets_one_certificate_and_one_mail(
    database: str, settings: Settings
) -> None:
    run = await an_event_over_with(ATTENDEES)
    for enough in (ATTENDEES // 4, ATTENDEES // 2):
        async with gate(database, "certificate", after=enough) as on_the_way:
            worker = await start_worker(settings)
            await on_the_way.reached()
            worker.kill()
            await worker.wait()
        assert await Certificate.all().count() < ATTENDEES
    worker = await start_worker(settings)
    try:
        await wait_for("state <> 'running' FROM bulk_run WHERE id = $1", run.id)
        await wait_for("count(*) = 0 FROM outgoing_mail WHERE sent_at IS NULL")
    finally:
        worker.kill()
        await worker.wait()

    await run.refresh_from_db()
    assert run.state is RunState.finished
    assert await BulkLine.filter(run_id=run.id, state=LineState.done).count() == ATTENDEES
    certificates = await Certificate.all()
    assert Counter(one.person_id for one in certificates).most_common(1)[0][1] == 1
    assert (len(certificates), await IssueRequest.all().count(), await Badge.all().count()) == (ATTENDEES,) * 3
    assert len({one.number for one in certificates}) == ATTENDEES
    mails = await OutgoingMail.filter(template="certificates/issued").values_list("to_address", flat=True)
    assert Counter(mails) == Counter(f"guest-{number}@example.org" for number in range(1, ATTENDEES + 1))
    lines = await fetch("SELECT certificate_id FROM bulk_line WHERE run_id = $1", run.id)
    assert {line["certificate_id"] for line in lines} == {one.id for one in certificates}
    assert await Credit.all().count() == 0
    for one in certificates[:: ATTENDEES // 10]:
        assert len(await files.get(one.pdf_sha256)) == one.pdf_size
    assert await fetchval("SELECT count(*) FROM pgqueuer WHERE status = 'failed'") == 0
