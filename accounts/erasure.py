"""What accounts erase of a person, and of what was written about them along the way."""

import json
from datetime import datetime

from accounts import audit, emails, members
from accounts.models import (
    ApiToken,
    Invitation,
    Organization,
    Person,
    Refusal,
    Role,
    RoleGrant,
    SignInEvent,
    SignInSession,
    SingleUseLink,
)
from core import mail
from core.announce import announce
from core.database import execute, fetch, transaction
from core.i18n import gettext as _


async def addresses_of(person: Person) -> list[str]:
    """Every address that is known to be or have been the person's: the present one, and those of links mailed to them.

    One that belongs to another account by now is left out, and what concerns it stays with that account.
    """
    rows = await fetch(
        """SELECT DISTINCT l.email FROM single_use_link l
           WHERE l.person_id = $1 AND NOT EXISTS (SELECT FROM person p WHERE p.email = l.email AND p.id <> $1)""",
        person.id,
    )
    return sorted({row["email"] for row in rows} | ({person.email} if person.email else set()))


async def erase(person: Person, *, by: Person, now: datetime) -> None:
    """Erase what accounts know about a person; the row stays, empty, for what refers to it.

    Called by `certification.erasure.erase_person`, which erases what the packages above know. Raises `LastOwner`.
    """
    async with transaction():
        await _refuse_last_owner(person)
        name, email, locale = person.display_name, person.email, person.locale
        addresses = await addresses_of(person)
        await _erase_repeated_answers(person)
        for table in (SignInSession, SignInEvent, ApiToken, SingleUseLink, RoleGrant, Refusal):
            await table.filter(person_id=person.id).delete()
        await execute(
            """UPDATE person SET email = NULL, password_hash = NULL, display_name = '', certificate_name = '',
               locale = 'en', time_zone = 'UTC', email_confirmed_at = NULL, erased_at = $2 WHERE id = $1""",
            person.id,
            now,
        )
        # An address that they never confirmed may be somebody else's, who still gets what was sent or offered to it.
        own = email if person.is_confirmed else None
        await Invitation.filter(email=own).delete()
        for address in addresses:
            await (mail.forget_to(address) if address == own else mail.forget_once_sent(address))
        await _erase_traces(person, addresses)
        await audit.record("person.erased", by=by, object_kind="person", object_id=person.id)
        await announce("person.erased", person.id)
        if email is not None:
            await emails.say_goodbye(name, email, locale, person.id)


async def _erase_repeated_answers(person: Person) -> None:
    """Answers kept for repeated requests: the person's own go, and others that name them lose their words."""
    await execute("DELETE FROM idempotent_request WHERE person_id = $1", person.id)
    await execute(
        """UPDATE idempotent_request SET body = '' WHERE EXISTS
             (SELECT FROM unnest($1::bytea[]) AS word WHERE position(word IN body) > 0)""",
        [word.encode() for word in _words(person, [person.email] if person.email else [])],
    )


async def _erase_traces(person: Person, addresses: list[str]) -> None:
    """What failing jobs wrote down may hold the row that they failed at."""
    await execute(
        """UPDATE pgqueuer_log SET traceback = NULL WHERE traceback IS NOT NULL AND EXISTS
             (SELECT FROM unnest($1::text[]) AS word WHERE position(word IN traceback::text) > 0)""",
        _words(person, addresses),
    )


def _words(person: Person, addresses: list[str]) -> list[str]:
    """What names the person, as JSON writes it."""
    words = [str(person.id), *addresses, person.display_name, person.certificate_name]
    return sorted({json.dumps(word, ensure_ascii=False)[1:-1] for word in words if word})


async def _refuse_last_owner(person: Person) -> None:
    owned = await RoleGrant.filter(person_id=person.id, role=Role.owner, scope_id=None).order_by("organization_id")
    for grant in owned:
        await members.lock(grant.organization_id)
        if await members.count_owners(grant.organization_id) <= 1:
            organization = await Organization.get(id=grant.organization_id)
            message = _("You are the last owner of %(name)s. Make somebody else an owner first.")
            raise members.LastOwner(message % {"name": organization.name})
