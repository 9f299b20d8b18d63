"""What a key signed after it was stolen: which certificates those are, and issuing them again under a good key.

The register knows that it issued them, so they stand; their badges are refused everywhere, since nothing but the
register tells them from those of the thief.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import Person
from certification.certificates.corrections import NotCorrectable, issue_again
from certification.certificates.models import Certificate
from certification.signing.models import IssuerKey
from core.database import fetch, fetchrow, transaction
from core.i18n import gettext as _
from core.i18n import speaking
from core.jobs import enqueue

_PIECE = 200
_SIGNED_SINCE = """FROM certificate c JOIN badge b ON b.id = c.badge_id
    WHERE b.issuer_key_id = $1 AND c.issued_at >= $2"""
_CAN_BE_ISSUED_AGAIN = """c.status = 'valid' AND c.successor_id IS NULL
    AND (c.valid_until IS NULL OR c.valid_until > $3)
    AND NOT EXISTS (SELECT 1 FROM issue_request r WHERE r.source_kind = 'correction' AND r.source_id = c.id)
    AND EXISTS (SELECT 1 FROM person p WHERE p.id = c.person_id AND p.erased_at IS NULL)"""


@dataclass(frozen=True, slots=True)
class Affected:
    """How many certificates a key signed since it was stolen, and how many of them can be issued again now."""

    signed: int
    to_issue_again: int


async def affected(key: IssuerKey, *, now: datetime) -> Affected:
    """The counts of a key that was declared stolen; none of any other."""
    row = await fetchrow(
        f"SELECT count(*) AS signed, count(*) FILTER (WHERE {_CAN_BE_ISSUED_AGAIN}) AS again {_SIGNED_SINCE}",
        key.id,
        key.compromised_since,
        now,
    )
    assert row is not None  # a count
    return Affected(row["signed"], row["again"])


async def signed_since(key: IssuerKey, *, limit: int, after: UUID | None = None) -> list[Certificate]:
    """Certificates that a key signed since it was stolen, by id, which is the order of issuing."""
    rows = await fetch(
        f"SELECT c.id {_SIGNED_SINCE} AND ($3::uuid IS NULL OR c.id > $3) ORDER BY c.id LIMIT $4",
        key.id,
        key.compromised_since,
        after,
        limit,
    )
    return await Certificate.filter(id__in=[row["id"] for row in rows]).select_related("successor").order_by("id")


async def issue_all_again(key: IssuerKey, *, by: Person, now: datetime) -> int:
    """Have every certificate that can be issued again be issued by a job, under the key in use; returns how many.

    Each takes the place of the one before, as a correction does, and its holder is told.
    """
    async with transaction():
        found = await affected(key, now=now)
        if found.to_issue_again:
            await enqueue(
                "certificates.issue_again",
                {"key": str(key.id), "by": str(by.id)},
                key=f"certificates.issue_again {key.id}",
            )
            await audit.record(
                "issuer_key.issuing_again",
                by=by,
                object_kind="issuer_key",
                object_id=key.id,
                organization_id=key.organization_id,
                after={"certificates": found.to_issue_again},
            )
    return found.to_issue_again


async def work(key_id: UUID, *, by_id: UUID, now: datetime) -> None:
    """Decide that each is issued again; each decision is its own transaction, so that this may stop and run again."""
    key, by = await IssuerKey.get(id=key_id), await Person.get(id=by_id)
    while rows := await fetch(
        f"""SELECT c.id, c.facts->>'language' AS language {_SIGNED_SINCE} AND {_CAN_BE_ISSUED_AGAIN}
            ORDER BY c.id LIMIT {_PIECE}""",
        key.id,
        key.compromised_since,
        now,
    ):
        for row in rows:
            with speaking(row["language"] or "en"):
                reason = _("It was signed with a key that had been stolen.")
            try:
                await issue_again(row["id"], reason=reason, by=by)
            except NotCorrectable:
                continue  # an officer was quicker; it is not found again
