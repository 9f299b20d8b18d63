"""Inviting somebody who has no account, so that an organization can confer on them what it has decided to."""

from datetime import datetime

from accounts import audit, emails
from accounts.models import Organization, Person
from core.database import fetchval, new_id, transaction


async def invite(
    email: str, *, name: str, organization: Organization, locale: str, by: Person, now: datetime
) -> Person:
    """The account of an address, made without a password where there is none, and a mail that says by whom and why.

    Nobody can sign in with such an account before they have set a password by a link sent to the address, which also
    confirms it; who does not want it erases it there. `email` is in its normal form. An account that exists is
    returned as it is, without a mail.
    """
    async with transaction():
        created = await fetchval(
            """INSERT INTO person (id, email, display_name, certificate_name, locale, created_at)
               VALUES ($1, $2, $3, $3, $4, $5) ON CONFLICT (email) DO NOTHING RETURNING id""",
            new_id(),
            email,
            name,
            locale,
            now,
        )
        person = await Person.get(email=email)
        if created is not None:
            await emails.invite(person, organization)
            await audit.record(
                "person.invited",
                by=by,
                object_kind="person",
                object_id=person.id,
                organization_id=organization.id,
            )
    return person
