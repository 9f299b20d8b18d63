"""Issuing while something is away or changes under it: storage, the key, two officers."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from api.worker import import_jobs
from certification.badges.models import Badge
from certification.certificates import issuing, statuses, verification
from certification.certificates.models import Certificate, CertificateStatus, IssueRequest, IssueState
from certification.certificates.verification import Standing
from certification.signing import keys
from certification.signing.models import IssuerKey
from core.errors import Conflict
from core.job_runner import Pace, run_pending
from core.models import OutgoingMail
from core.settings import Settings
from tests.factories import accounts
from tests.integration.certification.test_certificates import NOW, a_certificate, a_certification, request_for

import_jobs()


async def test_storage_that_is_down_makes_the_job_wait_and_nothing_visible(database: str, settings: Settings) -> None:
    certification, _ = await a_certification()
    holder = await accounts.person()
    request = await request_for(certification, holder)
    folder = Path(settings.var_dir) / "files"
    folder.write_text("Something else lies where the files belong.")

    await run_pending(swallow=True, pace=Pace(first_retry=timedelta(hours=1)))

    assert await Certificate.all().count() == 0
    assert await OutgoingMail.filter(template="certificates/issued").count() == 0
    assert (await IssueRequest.get(id=request.id)).state is IssueState.waiting

    folder.unlink()
    await issuing.issue(request.id, now=NOW)
    await issuing.issue(request.id, now=NOW)
    assert await Certificate.all().count() == 1
    assert await OutgoingMail.filter(template="certificates/issued").count() == 1


async def test_key_rotated_in_mid_run_leaves_both_badges_valid(database: str) -> None:
    certification, owner = await a_certification()
    organization = await certification.organization
    people = [await accounts.person() for _ in range(6)]
    requests = [await request_for(certification, person) for person in people]

    await issuing.issue(requests[0].id, now=NOW)
    first = await IssuerKey.get(organization_id=organization.id)
    await asyncio.gather(
        *(issuing.issue(request.id, now=NOW) for request in requests[1:]),
        keys.rotate(organization, by=owner, now=NOW),
    )
    await issuing.issue((await request_for(certification, await accounts.person())).id, now=NOW)

    used = {badge.issuer_key_id for badge in await Badge.all()}
    assert len(used) == 2
    published = {key.public_key for key in await keys.published(organization.id)}
    assert len(published) == 2
    assert first.public_key in published
    for badge in await Badge.all():
        method = json.loads(badge.credential)["proof"]["verificationMethod"]
        assert method.split("#")[1] in published
    for certificate in await Certificate.all():
        assert (await verification.verify(certificate.number, now=NOW)).standing is Standing.valid


async def test_officers_who_revoke_and_suspend_at_once_end_in_one_state_with_one_mail_each(database: str) -> None:
    certificate, _, owner = await a_certificate()
    verbs = (statuses.revoke, statuses.revoke, statuses.suspend)

    done = await asyncio.gather(
        *(verb(certificate, reason="Under review", by=owner, now=NOW) for verb in verbs), return_exceptions=True
    )

    refused = [one for one in done if isinstance(one, Conflict)]
    changed = [one for one in done if isinstance(one, Certificate)]
    assert len(refused) + len(changed) == 3
    assert (await Certificate.get(id=certificate.id)).status is CertificateStatus.revoked
    assert len(changed) in (1, 2)  # a suspension that comes first may still be revoked; nothing follows a revocation


async def test_request_that_changes_while_it_is_carried_out_is_not_issued_as_it_was(database: str) -> None:
    certification, _ = await a_certification()
    request = await request_for(certification, await accounts.person(), name="Before")
    other = await asyncpg.connect(database)
    held = f"certificates {request.person_id} {request.certification_id}"
    await other.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", held)  # commits of this person wait here

    making = asyncio.create_task(issuing.issue(request.id, now=NOW))
    while not await other.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"):
        assert not making.done()
    await other.execute("UPDATE issue_request SET holder_name = 'After' WHERE id = $1", request.id)
    await other.execute("SELECT pg_advisory_unlock_all()")
    await other.close()

    with pytest.raises(issuing.ChangedMeanwhile):
        await making
    assert await Certificate.all().count() == 0
    certificate = await issuing.issue(request.id, now=NOW)
    assert certificate is not None
    assert (certificate.holder_name, certificate.facts["holder_name"]) == ("After", "After")
