"""Creating, changing, publishing and retiring certifications."""

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts import audit
from accounts.models import Organization, Person
from certification.programs import queries
from certification.programs.models import Certification, CertificationPolicy, CertificationStatus, Domain
from certification.programs.schemas import CertificationChange, CertificationIn, DomainIn, PolicyIn
from core.database import fetchval, transaction
from core.errors import Conflict, InvalidInput
from core.markdown import render_markdown
from core.slugs import free_slug


class NotReady(Conflict):
    """The certification lacks what an exam needs; the message says what."""

    code, message = "not_ready", "This certification cannot be published yet."


class DomainInUse(Conflict):
    """A domain that has items cannot be taken away."""

    code, message = "domain_in_use", "Move or retire the items of this domain before you remove it."


async def create(organization: Organization, data: CertificationIn, *, by: Person, now: datetime) -> Certification:
    """A draft with version 1 of its policy and its domains (one called General where none are given)."""
    async with transaction():
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
        await _add_policy(certification.id, data.policy, version=1)
        await _write_domains(certification.id, data.domains or [DomainIn(name="General")])
        await _record("certification.created", certification, by, after={"title": data.title})
    return certification


async def change(certification: Certification, data: CertificationChange, *, by: Person, now: datetime) -> None:
    """Change what is given. A changed policy becomes a new version: attempts and certificates keep theirs."""
    async with transaction():
        given = data.model_dump(exclude_unset=True, exclude_none=True, exclude={"policy"})
        before: dict[str, Any] = {name: _plain(getattr(certification, name)) for name in given}
        for name, value in given.items():
            setattr(certification, name, value)
        certification.description_html = render_markdown(certification.description)
        await certification.save()
        after = {name: _plain(value) for name, value in given.items()}
        if data.policy is not None:
            latest = await queries.current_policy(certification.id)
            wanted = data.policy.model_dump()
            if any(getattr(latest, name) != value for name, value in wanted.items()):
                await _add_policy(certification.id, data.policy, version=latest.version + 1)
                before["policy_version"], after["policy_version"] = latest.version, latest.version + 1
        await _record("certification.changed", certification, by, before=before, after=after)


async def set_domains(certification: Certification, domains: list[DomainIn], *, by: Person, now: datetime) -> None:
    """Replace the domains by name: new ones are added, others re-weighted. Raises `DomainInUse`."""
    names = [domain.name.casefold() for domain in domains]
    if len(names) != len(set(names)):
        raise InvalidInput({"domains": "Give every domain a name of its own."})
    async with transaction() as connection:
        await connection.execute("SELECT 1 FROM certification WHERE id = $1 FOR UPDATE", certification.id)
        for existing in await queries.domains_of(certification.id):
            if existing.name.casefold() in names:
                continue
            if await existing.items.all().exists():  # type: ignore[attr-defined]  # the reverse side of Item.domain
                raise DomainInUse(f"“{existing.name}” has items. Move or retire them before you remove the domain.")
            await existing.delete()
        await _write_domains(certification.id, domains)
        weights = {domain.name: domain.weight for domain in domains}
        await _record("certification.domains_changed", certification, by, after=weights)


async def publish(certification: Certification, *, by: Person, now: datetime) -> None:
    """Open the certification to learners. Raises `NotReady` where the bank has fewer items than a form needs."""
    async with transaction():
        locked = await Certification.select_for_update().get(id=certification.id)
        if locked.status is not CertificationStatus.draft:
            raise NotReady("This certification is published already.")
        policy = await queries.current_policy(certification.id)
        items = await fetchval(
            "SELECT count(*) FROM item WHERE certification_id = $1 AND retired_at IS NULL", certification.id
        )
        if items == 0 or items < (policy.form_length or 1):
            needed = policy.form_length or 1
            raise NotReady(f"A form needs {needed} items and the bank has {items}. Add items first.")
        certification.status, certification.published_at = CertificationStatus.published, now
        await certification.save(update_fields=["status", "published_at"])
        await _record("certification.published", certification, by)


async def retire(certification: Certification, *, by: Person, now: datetime) -> None:
    """Stop new attempts for good; certificates stay verifiable."""
    async with transaction():
        locked = await Certification.select_for_update().get(id=certification.id)
        if locked.status is CertificationStatus.retired:
            raise Conflict("This certification is retired already.", code="already_retired")
        certification.status = CertificationStatus.retired
        await certification.save(update_fields=["status"])
        await _record("certification.retired", certification, by)


async def _add_policy(certification_id: UUID, data: PolicyIn, *, version: int) -> CertificationPolicy:
    return await CertificationPolicy.create(certification_id=certification_id, version=version, **data.model_dump())


async def _write_domains(certification_id: UUID, domains: list[DomainIn]) -> None:
    existing = {domain.name.casefold(): domain for domain in await queries.domains_of(certification_id)}
    for position, wanted in enumerate(domains):
        row = existing.get(wanted.name.casefold()) or Domain(certification_id=certification_id)
        row.name, row.weight, row.position = wanted.name, wanted.weight, position
        await row.save()


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
