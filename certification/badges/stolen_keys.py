"""A key that others may have signed with is given up, and another signs at once whatever it vouched for.

What it signed before verifies by this register alone, which knows what was issued and when; see
docs/decisions/0033-stolen-keys.md.
"""

import logging
from datetime import datetime
from uuid import UUID

from accounts.models import Organization, Person
from certification.badges import status_lists
from certification.signing import keys
from certification.signing.models import IssuerKey
from core.database import transaction
from core.errors import Unavailable

log = logging.getLogger("confero.keys")


async def declare(organization: Organization, key_id: UUID, *, since: datetime, by: Person, now: datetime) -> IssuerKey:
    """Declare a key stolen `since` then, and sign every status list anew with a good one; errors are those of
    `keys.declare_stolen`.

    Where no key can be used at the moment, the declaration stands, and jobs sign the lists as soon as one can.
    """
    async with transaction():
        declared = await keys.declare_stolen(organization, key_id, since=since, by=by, now=now)
        lists = await status_lists.republish_all(organization.id)
    try:
        for list_id in lists:
            await status_lists.publish(list_id, now=now)
    except Unavailable:
        log.warning("The status lists of %s are signed anew by jobs, since no key can be used now.", organization.slug)
    return declared
