"""Creating, changing, publishing and retiring certifications."""

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts import audit
from accounts.models import Organization, Person
from certification.layouts.models import Layout
from certification.programs import queries
from certification.programs.models import Certification, CertificationPolicy, CertificationStatus, Domain
from certification.programs.schemas import (
    MAX_DOMAINS,
    CertificationChange,
    CertificationIn,
    DomainChange,
    DomainIn,
    PolicyIn,
)
from core.database import fetchval, transaction
from core.errors import Conflict, InvalidInput
from core.i18n import N_
from core.i18n import gettext as _
from core.markdown import render_markdown
from core.slugs import free_slug


class NotReady(Conflict):
    """The certification lacks what an exam needs; the message says what."""

    code, message = "not_ready", N_("This certification cannot be published yet.")


class DomainInUse(Conflict):
    """A domain that has items cannot be taken away."""

    code, message = "domain_in_use", N_("Move the items of this domain before you remove it.")


class AlreadyRetired(Conflict):
    """A certification is retired once."""

    code, message = "already_retired", N_("This certification is retired already.")


async def create(organization: Organization, data: CertificationIn, *, by: Person, now: datetime) -> Certification:
    """A draft with version 1 of its policy and its domains (one called General where none are given).

    Raises `InvalidInput` where credits would renew what never ends.
    """
    async with transaction() as connection:
        # One at a time chooses a slug: two drafts with the same title get two slugs, not a failure.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('slug of certification', 0))")
        certification = await Certification.create(
            organization=organization,
            slug=await free_slug("certification", data.title),
            title=data.title,
            statement=data.statement,
            summary=data.summary,
            description=data.description,
            description_html=render_markdown(data.description),
            language=data.language,
            access=data.access,
        )
        await _add_policy(certification.id, data.policy.model_dump(), version=1)
        await _add_domains(certification.id, data.domains or [DomainIn(name="General")])
        await _record("certification.created", certification, by, after={"title": data.title})
    return certification


async def change(certification: Certification, data: CertificationChange, *, by: Person, now: datetime) -> None:
    """Change what is given. A changed policy becomes a new version: attempts and certificates keep theirs.

    Raises `InvalidInput` where credits would renew what never ends.
    """
    async with transaction():
        locked = await _lock(certification)
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for name, value in data.model_dump(
            exclude_unset=True, exclude_none=True, exclude={"policy", "layout_id"}
        ).items():
            if getattr(locked, name) != value:
                before[name], after[name] = _plain(getattr(locked, name)), _plain(value)
                setattr(locked, name, value)
        if after:
            locked.description_html = render_markdown(locked.description)
            await locked.save(update_fields=[*after, "description_html", "updated_at"])
        if "layout_id" in data.model_fields_set:
            await _change_layout(locked, data.layout_id, before, after)
        if data.policy is not None:
            await _change_policy(locked.id, data.policy, before, after)
        if after:
            await _record("certification.changed", locked, by, before=before, after=after)
    await certification.refresh_from_db()


async def set_domains(certification: Certification, domains: list[DomainChange], *, by: Person, now: datetime) -> None:
    """Replace the domains. One that is named by its id, or else by its name, is kept and takes what is given.

    Raises `DomainInUse` where a domain that is left out has items, and `InvalidInput` for names given twice or ids of
    another certification.
    """
    names = [domain.name.casefold() for domain in domains]
    if len(names) != len(set(names)):
        raise InvalidInput({"domains": _("Give every domain a name of its own.")})
    async with transaction():
        await _lock(certification)
        existing = await queries.domains_of(certification.id)
        kept = _kept(existing, domains)
        for domain in existing:
            if domain not in kept:
                await _remove_domain(domain)
        await _rewrite_domains(certification.id, domains, kept)
        before = {domain.name: domain.weight for domain in existing}
        after = {domain.name: domain.weight for domain in domains}
        if list(before.items()) != list(after.items()):
            await _record("certification.domains_changed", certification, by, before=before, after=after)


async def add_domain(certification: Certification, name: str, *, by: Person) -> Domain:
    """A further domain of weight 1 at the end. Raises `InvalidInput` where the certification has 50 already."""
    async with transaction():
        await _lock(certification)
        existing = await queries.domains_of(certification.id)
        if len(existing) >= MAX_DOMAINS:
            message = _("The certification has {limit} domains already; use one of them.")
            raise InvalidInput({"domain": message.format(limit=MAX_DOMAINS)})
        position = max((domain.position for domain in existing), default=-1) + 1
        added = await Domain.create(certification_id=certification.id, name=name, weight=1, position=position)
        await _record("certification.domains_changed", certification, by, after={name: 1})
    return added


async def what_is_missing(certification: Certification) -> str | None:
    """What the certification needs before it can be published, in one sentence; None where nothing is missing."""
    policy = await queries.current_policy(certification.id)
    items = await queries.count_items(certification.id)
    needed = policy.form_length or 1
    if items >= needed:
        return None
    sentence = _("Items in the bank: {items} of the {needed} that a form needs. Add items first.")
    return sentence.format(needed=needed, items=items)


async def publish(certification: Certification, *, by: Person, now: datetime) -> None:
    """Open the certification to learners. Raises `NotReady` where the bank has fewer items than a form needs."""
    async with transaction():
        locked = await _lock(certification)
        if locked.status is CertificationStatus.published:
            raise NotReady(_("This certification is published already."))
        if locked.status is CertificationStatus.retired:
            raise NotReady(_("This certification is retired. Create a new one."))
        if missing := await what_is_missing(certification):
            raise NotReady(missing)
        locked.status, locked.published_at = CertificationStatus.published, now
        await locked.save(update_fields=["status", "published_at", "updated_at"])
        await _record("certification.published", locked, by)
    await certification.refresh_from_db()


async def retire(certification: Certification, *, by: Person, now: datetime) -> None:
    """Stop new attempts for good; certificates stay verifiable. Raises `Conflict` `already_retired`."""
    async with transaction():
        locked = await _lock(certification)
        if locked.status is CertificationStatus.retired:
            raise AlreadyRetired()
        locked.status = CertificationStatus.retired
        await locked.save(update_fields=["status", "updated_at"])
        await _record("certification.retired", locked, by)
    await certification.refresh_from_db()


async def _lock(certification: Certification) -> Certification:
    """The row as it is now, the only copy that a command writes; the caller's may be older."""
    return await Certification.select_for_update().get(id=certification.id)


async def _add_policy(certification_id: UUID, values: dict[str, Any], *, version: int) -> CertificationPolicy:
    if values["validity_months"] is None and values["renewal_credits"] is not None:
        message = _(
            "A certificate that does not expire is never renewed. Leave this empty, or say how long it is valid."
        )
        raise InvalidInput({"policy.renewal_credits": message})
    return await CertificationPolicy.create(certification_id=certification_id, version=version, **values)


async def _change_policy(certification_id: UUID, data: PolicyIn, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Write a new version where something differs, and note it in `before` and `after`."""
    latest = await queries.current_policy(certification_id)
    rules: dict[str, Any] = {name: getattr(latest, name) for name in PolicyIn.model_fields}
    given = data.model_dump(exclude_unset=True)
    differing = {name: value for name, value in given.items() if rules[name] != value}
    if differing:
        await _add_policy(certification_id, rules | given, version=latest.version + 1)
        before["policy"] = {"version": latest.version} | {name: _plain(rules[name]) for name in differing}
        after["policy"] = {"version": latest.version + 1} | {name: _plain(differing[name]) for name in differing}


async def _change_layout(
    locked: Certification, layout_id: UUID | None, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Choose another layout for certificates issued from now on, and note its name in `before` and `after`."""
    if locked.layout_id == layout_id:
        return
    chosen: Layout | None = None
    if layout_id is not None:
        # Locked against being archived at the same moment.
        chosen = await Layout.select_for_update().get_or_none(
            id=layout_id, organization_id=locked.organization_id, archived_at=None
        )
        if chosen is None:
            raise InvalidInput({"layout_id": _("Choose one of the organization's layouts that is not archived.")})
    was = await Layout.get_or_none(id=locked.layout_id) if locked.layout_id else None
    locked.layout_id = layout_id
    await locked.save(update_fields=["layout_id", "updated_at"])
    before["layout"], after["layout"] = was and was.name, chosen and chosen.name


async def _add_domains(certification_id: UUID, domains: list[DomainIn]) -> None:
    for position, wanted in enumerate(domains):
        await Domain.create(
            certification_id=certification_id, name=wanted.name, weight=wanted.weight, position=position
        )


def _kept(existing: list[Domain], wanted: list[DomainChange]) -> list[Domain | None]:
    """The row that each wanted domain stands for, or None for a new one."""
    by_id = {domain.id: domain for domain in existing}
    by_name = {domain.name.casefold(): domain for domain in existing}
    named = {domain.id for domain in wanted if domain.id is not None}
    rows: list[Domain | None] = []
    for index, domain in enumerate(wanted):
        if domain.id is not None and domain.id not in by_id:
            raise InvalidInput({f"domains.{index}.id": _("This is no domain of this certification.")})
        row = by_id[domain.id] if domain.id is not None else by_name.get(domain.name.casefold())
        is_taken = row is not None and (row in rows or (domain.id is None and row.id in named))
        if is_taken and domain.id is not None:
            raise InvalidInput({f"domains.{index}.id": _("This domain is given twice.")})
        rows.append(None if is_taken else row)
    return rows


async def _remove_domain(domain: Domain) -> None:
    if await fetchval("SELECT 1 FROM item WHERE domain_id = $1 LIMIT 1", domain.id):
        message = _("“{name}” has items. Move them to another domain before you remove it.")
        raise DomainInUse(message.format(name=domain.name))
    await domain.delete()


async def _rewrite_domains(certification_id: UUID, domains: list[DomainChange], rows: list[Domain | None]) -> None:
    # Names are unique: rows that change theirs step aside first, so that two may swap.
    for wanted, row in zip(domains, rows, strict=True):
        if row is not None and row.name != wanted.name:
            await Domain.filter(id=row.id).update(name=f"renamed {row.id}")
    for position, (wanted, row) in enumerate(zip(domains, rows, strict=True)):
        values: dict[str, Any] = {"name": wanted.name, "weight": wanted.weight, "position": position}
        if row is None:
            await Domain.create(certification_id=certification_id, **values)
        else:
            await Domain.filter(id=row.id).update(**values)


async def _record(
    action: str,
    certification: Certification,
    by: Person,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await audit.record(
        action,
        by=by,
        object_kind="certification",
        object_id=certification.id,
        organization_id=certification.organization_id,
        before=before,
        after=after,
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, type(None))) else str(value)
