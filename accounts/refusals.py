"""What was refused: failed sign-ins, tries that came too early, forbidden acts and changes from other sites.

Recorded after the answer, so that nobody waits for it, and as facts only: the route's pattern, never what was sent. At
most 20 a minute from one network and 600 in all by each process are kept, so that a flood fills no table; the request
log has every one. An organization's owners read what was refused on its objects and to its members; those of the
platform also what can be told of nobody.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.exceptions import OperationalError
from tortoise.expressions import Q, RawSQL

from accounts.limits import network_of
from accounts.models import Organization, Refusal, RefusalKind
from accounts.schemas import RefusalSearch
from core.database import execute
from core.errors import AppError
from core.outages import AWAY
from core.pages import decode_cursor, encode_cursor

log = logging.getLogger("confero.refusal")

KEPT = timedelta(days=90)
_PER_NETWORK, _IN_ALL = 20, 600
_counted: dict[str, int] = {}
_minute: list[datetime] = []

_KINDS = {"invalid_credentials": RefusalKind.sign_in_failed, "cross_origin": RefusalKind.cross_origin}


def kind_of(error: AppError) -> RefusalKind | None:
    """What kind of refusal an error is, or None where it is none that anybody looks through."""
    if error.code in _KINDS:
        return _KINDS[error.code]
    if error.status == 429:
        return RefusalKind.slowed
    return RefusalKind.forbidden if error.status == 403 else None


async def record(
    error: AppError, *, person_id: UUID | None, address: str, route: str, request_id: str, now: datetime
) -> None:
    """Keep one refusal; `person_id` is the caller, unless the error itself says whom it is about. The request was
    answered already, so a database that does not take it is no fault."""
    kind = kind_of(error)
    if kind is None or not _has_room(network_of(address), now):
        return
    try:
        await Refusal.create(
            at=now,
            kind=kind,
            # Whoever is signed in here need not be whose password was tried.
            person_id=error.person_id if kind is RefusalKind.sign_in_failed else error.person_id or person_id,
            organization_id=error.organization_id,
            address=address[:64],
            route=route[:200],
            code=error.code[:80],
            request_id=request_id[:32],
        )
    except (*AWAY, OperationalError, TimeoutError) as outage:
        log.warning("a refusal was not recorded: %r", outage)


def _has_room(network: str, now: datetime) -> bool:
    minute = now.replace(second=0, microsecond=0)
    if _minute != [minute]:
        _minute[:] = [minute]
        _counted.clear()
    _counted[""] = _counted.get("", 0) + 1
    if _counted[""] > _IN_ALL:
        return False
    _counted[network] = _counted.get(network, 0) + 1
    return _counted[network] <= _PER_NETWORK


async def of_organization(organization: Organization, search: RefusalSearch) -> tuple[list[Refusal], str | None]:
    """A page of what was refused in an organization, the newest first, and the cursor to the next.

    Of its members what was refused since they were: a role can be given to anybody, and nobody's past comes with it.
    """
    about = Q(organization_id=organization.id) | Q(organization_id=None, was_member=True)
    if organization.parent_id is None:
        about |= Q(organization_id=None, person_id=None)
    rows = Refusal.annotate(was_member=_was_member(organization)).filter(about)
    if search.kind:
        rows = rows.filter(kind=search.kind)
    if search.cursor:
        at, row_id = decode_cursor(search.cursor, datetime, UUID)
        rows = rows.filter(Q(at__lt=at) | Q(at=at, id__lt=row_id))
    found = await rows.order_by("-at", "-id").limit(search.limit + 1)
    shown = found[: search.limit]
    return shown, encode_cursor(shown[-1].at, shown[-1].id) if len(found) > search.limit else None


def _was_member(organization: Organization) -> RawSQL:
    """Whether whom a refusal is about had a role in the organization by then, which they still hold."""
    return RawSQL(
        f"""EXISTS (SELECT 1 FROM role_grant g WHERE g.organization_id = '{organization.id}'::uuid
                    AND g.person_id = "refusal"."person_id" AND g.created_at <= "refusal"."at")"""
    )


async def sweep(*, now: datetime) -> None:
    """Delete what is older than 90 days."""
    await execute("DELETE FROM refusal WHERE at < $1", now - KEPT)
