"""Reminders before a certificate ends: 90, 60, 30 and 7 days ahead, each once, and only while it can be renewed."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import Person
from certification.certificates.models import Certificate
from certification.renewal import emails, standing
from certification.renewal.standing import RenewalState
from core.database import fetch, fetchval, new_id, transaction

DISTANCES = (90, 60, 30, 7)
"""Days before the end on which a holder is reminded."""
_PAGE = 500
# A day more than the longest distance: the holder's calendar may be up to a day ahead.
_REACH = timedelta(days=max(DISTANCES) + 1)
_WORTH_A_REMINDER = frozenset({RenewalState.open, RenewalState.retired})


async def send_due(*, now: datetime) -> int:
    """Send every reminder that is due at `now`, and return how many were written.

    Each is a transaction of its own: what is cut off goes on with the next call. After some days without a worker a
    holder gets the nearest one alone, since those further away say nothing new.
    """
    sent = 0
    async for certificate in _ending(now):
        person = await Person.get(id=certificate.person_id)
        days = distance_of(certificate, person, now=now)
        if days is not None:
            sent += await remind(certificate, person, days_before=days, now=now)
    return sent


def distance_of(certificate: Certificate, person: Person, *, now: datetime) -> int | None:
    """The distance in days whose reminder is the nearest one due, or None where none is.

    Days are those of the holder's own calendar. A distance that had begun when the certificate was issued is left out:
    a certificate for a month is not issued together with the warning that it ends in a month.
    """
    ends_at = certificate.valid_until
    if ends_at is None or person.email is None or certificate.is_expired_at(now):
        return None
    zone = ZoneInfo(person.time_zone)
    left = (ends_at.astimezone(zone).date() - now.astimezone(zone).date()).days
    nearest = min((days for days in DISTANCES if days >= left), default=None)
    if nearest is None or ends_at - timedelta(days=nearest) <= certificate.issued_at:
        return None
    return nearest


async def remind(certificate: Certificate, person: Person, *, days_before: int, now: datetime) -> bool:
    """Write one reminder and its mail, once; returns whether it was written.

    Nothing is sent about a certificate that is not in force, or whose successor is there or decided.
    """
    async with transaction():
        locked = await Certificate.select_for_update().get(id=certificate.id)
        found = await standing.of(locked, now=now)
        if found.state not in _WORTH_A_REMINDER:
            return False
        written: UUID | None = await fetchval(
            """INSERT INTO renewal_reminder (id, certificate_id, days_before, sent_at)
               SELECT $1::uuid, $2::uuid, $3::int, $4::timestamptz WHERE NOT EXISTS
                 (SELECT FROM renewal_reminder WHERE certificate_id = $2 AND days_before <= $3)
               ON CONFLICT (certificate_id, days_before) DO NOTHING RETURNING id""",
            new_id(),
            locked.id,
            days_before,
            now,
        )
        if written is None:
            return False
        await emails.remind(locked, person, found, days_before=days_before)
    return True


async def _ending(now: datetime) -> AsyncIterator[Certificate]:
    """Certificates in force that end within reach and have no successor, and whose last reminder is not sent yet."""
    after = UUID(int=0)
    while True:
        rows = await fetch(
            """SELECT c.id FROM certificate c JOIN person p ON p.id = c.person_id
               WHERE c.status = 'valid' AND c.successor_id IS NULL AND c.certification_id IS NOT NULL
                 AND c.valid_until > $1 AND c.valid_until <= $2 AND p.erased_at IS NULL AND p.email IS NOT NULL
                 AND NOT EXISTS (SELECT FROM renewal_reminder r WHERE r.certificate_id = c.id AND r.days_before = $3)
                 AND c.id > $4
               ORDER BY c.id LIMIT $5""",
            now,
            now + _REACH,
            min(DISTANCES),
            after,
            _PAGE,
        )
        for certificate in await Certificate.filter(id__in=[row["id"] for row in rows]).order_by("id"):
            yield certificate
        if len(rows) < _PAGE:
            return
        after = rows[-1]["id"]
