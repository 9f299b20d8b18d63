"""Erasing a person everywhere at once. It lives here because certification is the highest package it touches."""

from datetime import datetime

from accounts import people
from accounts.models import Person
from certification.certificates.models import DirectoryEntry
from certification.renewal import credits
from core.database import execute, transaction
from events.erasure import erase_attendee


async def erase_person(person: Person, *, by: Person, now: datetime) -> None:
    """Erase everything about `person` but what a verifier of their certificates needs, in one transaction.

    Coming registrations are cancelled and past ones lose their name; open attempts are voided, and all answers go, as
    do claims with their evidence, and the entry in the directory of holders. Certificates and the results they rest on
    stay. Raises `members.LastOwner`. Source of the duty: Regulation (EU) 2016/679 (GDPR), article 17; what stays is
    kept under its paragraph 3(e).
    """
    async with transaction():
        await execute("SELECT 1 FROM person WHERE id = $1 FOR UPDATE", person.id)
        await erase_attendee(person, by=by, now=now)
        await _erase_exams(person)
        await credits.erase(person)
        await DirectoryEntry.filter(person_id=person.id).delete()
        await _erase_bulk_lines(person)
        await people.erase(person, by=by, now=now)


async def _erase_exams(person: Person) -> None:
    await execute(
        """UPDATE attempt SET status = 'voided', voided_reason = 'The account was erased.'
           WHERE person_id = $1 AND status IN ('in_progress', 'submitted')""",
        person.id,
    )
    await execute("UPDATE attempt SET certificate_name = '' WHERE person_id = $1", person.id)
    await execute(
        """UPDATE response SET response = NULL, comment = ''
           WHERE attempt_id IN (SELECT id FROM attempt WHERE person_id = $1)""",
        person.id,
    )


async def _erase_bulk_lines(person: Person) -> None:
    """What officers wrote about the person into files; that a line was there, and its outcome, stays."""
    await execute(
        """UPDATE bulk_line SET given = given - ARRAY['email', 'name', 'holder', 'reason', 'score']
           WHERE person_id = $1 OR given->>'email' = $2""",
        person.id,
        person.email,
    )
