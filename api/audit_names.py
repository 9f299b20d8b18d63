"""Names for the objects of the audit log, which keeps ids only: what was erased meanwhile has none any more."""

from collections.abc import Iterable
from uuid import UUID

from tortoise.models import Model

from accounts.models import AuditEntry, Organization, Person
from certification.bulk.models import BulkRun
from certification.certificates.models import Certificate
from certification.layouts.models import Layout, LayoutPicture
from certification.programs.models import Certification
from certification.renewal.models import Credit
from certification.signing.models import IssuerKey
from events.catalog.models import Event
from events.programme.models import Speaker
from events.registration.models import Quota, Registration, TicketType

_NAMED: dict[str, tuple[type[Model], str]] = {
    "bulk_run": (BulkRun, "source_name"),
    "certificate": (Certificate, "number"),
    "certification": (Certification, "title"),
    "credit": (Credit, "certification__title"),
    "event": (Event, "title"),
    "issuer_key": (IssuerKey, "public_key"),
    "layout": (Layout, "name"),
    "layout_picture": (LayoutPicture, "name"),
    "organization": (Organization, "name"),
    "person": (Person, "display_name"),
    "quota": (Quota, "name"),
    "registration": (Registration, "event__title"),
    "speaker": (Speaker, "name"),
    "ticket_type": (TicketType, "name"),
}
"""Kind of object -> its table, and the column that a reader knows it by."""


async def names_of_objects(entries: Iterable[AuditEntry]) -> dict[UUID, str]:
    """What each entry's object is called now, by its id; at most one query for each kind of object."""
    by_kind: dict[str, set[UUID]] = {}
    for entry in entries:
        by_kind.setdefault(entry.object_kind, set()).add(entry.object_id)
    names: dict[UUID, str] = {}
    for kind in sorted(by_kind.keys() & _NAMED.keys()):
        table, column = _NAMED[kind]
        names |= dict(await table.filter(id__in=list(by_kind[kind])).values_list("id", column))
    return {object_id: name for object_id, name in names.items() if name}
