"""Erasing a person everywhere at once. It lives here because certification is the highest package it touches."""

from datetime import datetime

from accounts import addresses, erasure, links
from accounts.erasure import addresses_of
from accounts.models import LinkPurpose, Person
from certification.certificates.issuing import ERASED
from certification.certificates.models import DirectoryEntry
from certification.renewal import credits
from core.database import execute, transaction
from events.erasure import erase_attendee


async def erase_person(person: Person, *, by: Person, now: datetime) -> None:
    """Erase everything about `person` but what a verifier of their certificates needs, in one transaction.

    Coming registrations are cancelled and past ones lose their name; open attempts are voided, and all answers go, as
    do what graders and officers wrote about them, claims with their evidence, decisions that no certificate came of,
    and the entry in the directory of holders. Certificates and the results they rest on stay. Raises
    `members.LastOwner`. Source of the duty: Regulation (EU) 2016/679 (GDPR), article 17; what stays is kept under its
    paragraph 3(e).
    """
    async with transaction():
        await execute("SELECT 1 FROM person WHERE id = $1 FOR UPDATE", person.id)
        await person.refresh_from_db()
        await erase_attendee(person, by=by, now=now)
        await _erase_exams(person)
        await _erase_decisions(person)
        await credits.erase(person)
        await DirectoryEntry.filter(person_id=person.id).delete()
        await _erase_bulk(person)
        await erasure.erase(person, by=by, now=now)


async def decline(secret: str, *, now: datetime) -> bool:
    """Use a confirming link to say “that was not me”; returns whether an account was erased.

    An account that was made with the address, and that nobody has confirmed, is erased; one that was to change to the
    address keeps its own. Raises `links.LinkGone`.
    """
    async with transaction():
        link = await links.use(secret, LinkPurpose.confirm_email, now=now)
        person = await Person.get(id=link.person_id)
        if person.is_confirmed or link.email != person.email:
            await addresses.decline(link, now=now)
            return False
        await erase_person(person, by=person, now=now)
    return True


async def keep_address(secret: str, *, now: datetime) -> tuple[Person, str]:
    """As `addresses.keep`. An account that holds the address meanwhile without having confirmed it gives way to its
    owner and is erased, or signing up with the address would be enough to keep them out."""
    async with transaction():
        link = await links.find(secret, LinkPurpose.keep_email, now=now)
        # Held, since they may be confirming the address at this moment; whoever has, stays.
        squatter = await (
            Person.filter(email=link.email, email_confirmed_at=None).exclude(id=link.person_id).select_for_update()
        ).first()
        if squatter is not None:
            await erase_person(squatter, by=link.person, now=now)
        return await addresses.keep(secret, now=now)


async def _erase_exams(person: Person) -> None:
    await execute(
        """UPDATE attempt SET certificate_name = '', regraded_reason = '',
             status = CASE WHEN status IN ('in_progress', 'submitted') THEN 'voided' ELSE status END,
             voided_reason = CASE WHEN status = 'graded' THEN '' ELSE $2 END
           WHERE person_id = $1""",
        person.id,
        ERASED,
    )
    await execute(
        """UPDATE response SET response = NULL, comment = ''
           WHERE attempt_id IN (SELECT id FROM attempt WHERE person_id = $1)""",
        person.id,
    )
    await execute("UPDATE entitlement SET source_reference = '' WHERE person_id = $1", person.id)


async def _erase_decisions(person: Person) -> None:
    """Decisions to confer that no certificate came of; nothing is conferred on an erased account."""
    await execute(
        """UPDATE issue_request SET state = 'held', problem = $2, holder_name = '', reason = ''
           WHERE person_id = $1 AND state <> 'issued'""",
        person.id,
        ERASED,
    )


async def _erase_bulk(person: Person) -> None:
    """What officers wrote about the person into files and filters; that a line was there, and its outcome, stays."""
    known = await addresses_of(person)
    await execute(
        """UPDATE bulk_line SET given = given - ARRAY['email', 'name', 'holder', 'reason', 'score']
           WHERE person_id = $1 OR lower(trim(given->>'email')) = ANY($2)""",
        person.id,
        known,
    )
    words = [word for word in (*known, person.display_name, person.certificate_name) if word]
    await execute(
        """UPDATE bulk_run SET parameters = parameters #- '{filter,q}' WHERE EXISTS
             (SELECT FROM unnest($1::text[]) AS word
              WHERE position(lower(word) IN lower(parameters #>> '{filter,q}')) > 0
                 OR position(lower(parameters #>> '{filter,q}') IN lower(word)) > 0)""",
        words,
    )
