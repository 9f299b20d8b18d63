"""What follows a certificate: a correction supersedes it, another pass renews it; both stay and point at each other."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from openbadgeslib import ob3

from accounts.models import Person, Role
from api.app import create_app
from api.worker import import_jobs
from certification.badges.models import Badge, StatusListPublication, StatusPurpose
from certification.certificates import corrections, issuing, sharing, statuses, verification
from certification.certificates.models import Certificate, CertificateStatus, IssueRequest, IssueState, SourceKind
from certification.certificates.verification import Standing
from certification.programs.models import Certification, CertificationPolicy
from certification.programs.queries import current_policy
from core import files
from core.errors import Forbidden, InvalidInput
from core.job_runner import run_pending
from core.models import OutgoingMail
from core.settings import Settings
from tests.factories import accounts
from tests.factories import certification as factory

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
import_jobs()


@dataclass
class Held:
    """A certificate, its holder, the officer who may correct it, and what it is of."""

    certificate: Certificate
    holder: Person
    officer: Person
    certification: Certification


async def held(**policy: object) -> Held:
    """A certificate earned at `NOW`."""
    organization = await accounts.organization()
    officer = await accounts.member(organization, Role.certification_officer)
    certification = await factory.certification(organization, policy=policy)
    holder = await accounts.person()
    return Held(await earned(certification, holder, at=NOW), holder, officer, certification)


async def earned(
    certification: Certification, holder: Person, *, at: datetime, name: str = "Zoe Angstrom"
) -> Certificate:
    """The certificate of a pass at `at`, issued at once."""
    request = await issuing.request(
        SourceKind.attempt,
        uuid4(),
        certification=certification,
        policy=await current_policy(certification.id),
        person=holder,
        holder_name=name,
        achieved_at=at,
        score=Decimal("80"),
        locale="en",
        by_job=False,
    )
    certificate = await issuing.issue(request, now=at)
    assert certificate is not None
    return certificate


async def corrected(one: Held, name: str = "Zoë Ångström") -> Certificate:
    """The certificate that takes the place of the one that is held."""
    await corrections.correct(one.certificate, holder_name=name, reason="Diacritics were lost", by=one.officer, now=NOW)
    await run_pending()
    return await Certificate.get(holder_name=name)


async def test_correction_supersedes_and_both_point_at_each_other(database: str) -> None:
    one = await held()
    before = await files.get(one.certificate.pdf_sha256)

    new = await corrected(one)

    old = await Certificate.get(id=one.certificate.id)
    assert (old.status, old.successor_id, old.status_reason) == (
        CertificateStatus.superseded,
        new.id,
        "Diacritics were lost",
    )
    assert await files.get(old.pdf_sha256) == before
    assert (new.achieved_at, new.valid_until, new.achievement) == (old.achieved_at, old.valid_until, old.achievement)
    assert new.facts["predecessor_number"] == old.number
    found = await verification.verify(old.number, now=NOW)
    assert (found.standing, found.corrected_by) == (Standing.superseded, new.number)
    assert (await verification.verify(new.number, now=NOW)).standing is Standing.valid
    mail = await OutgoingMail.filter(template="certificates/issued").order_by("-created_at").first()
    assert mail is not None
    assert f"It takes the place of certificate {old.number}" in mail.text


async def test_badge_of_what_was_superseded_is_revoked_in_its_list(database: str) -> None:
    one = await held()
    badge = await Badge.get(id=one.certificate.badge_id)

    await corrected(one)

    published = await StatusListPublication.get(status_list_id=badge.status_list_id, purpose=StatusPurpose.revocation)
    encoded = json.loads(published.document)["credentialSubject"]["encodedList"]
    assert ob3.set_indices(ob3.decode_encoded_list(encoded)) == {badge.status_index}


@pytest.mark.parametrize("is_hidden", [True, False])
async def test_hidden_name_stays_hidden_on_what_follows(database: str, *, is_hidden: bool) -> None:
    one = await held()
    await sharing.hide_name(one.certificate, is_hidden=is_hidden, by=one.holder)

    correction = await corrected(one)
    renewal = await earned(one.certification, one.holder, at=NOW + timedelta(days=1))

    shown = [(await verification.verify(each.number, now=NOW)).holder for each in (correction, renewal)]
    assert shown == ([None, None] if is_hidden else ["Zoë Ångström", "Zoe Angstrom"])


async def test_same_name_own_certificate_and_second_correction_are_refused(database: str) -> None:
    one = await held()
    with pytest.raises(InvalidInput) as same:
        await corrections.correct(one.certificate, holder_name="Zoe Angstrom", reason="none", by=one.officer, now=NOW)
    assert list(same.value.fields) == ["holder_name"]
    with pytest.raises(Forbidden):
        await corrections.correct(one.certificate, holder_name="Somebody", reason="mine", by=one.holder, now=NOW)

    await corrections.correct(one.certificate, holder_name="Zoë", reason="first", by=one.officer, now=NOW)
    with pytest.raises(corrections.NotCorrectable):
        await corrections.correct(one.certificate, holder_name="Zoé", reason="second", by=one.officer, now=NOW)
    await run_pending()
    with pytest.raises(corrections.NotCorrectable):
        await corrections.correct(one.certificate, holder_name="Zoè", reason="third", by=one.officer, now=NOW)
    assert await Certificate.all().count() == 2


async def test_correction_of_what_was_revoked_meanwhile_is_held(database: str) -> None:
    one = await held()
    request = await corrections.correct(one.certificate, holder_name="Zoë", reason="name", by=one.officer, now=NOW)
    await statuses.revoke(one.certificate, reason="Cheating", by=one.officer, now=NOW)

    await run_pending()

    waiting = await IssueRequest.get(id=request)
    assert waiting.state is IssueState.held
    assert one.certificate.number in waiting.problem
    assert await Certificate.all().count() == 1


async def test_corrected_certificate_can_be_corrected_again(database: str) -> None:
    one = await held()
    second = await corrected(one, "Zoë Angström")
    third = await corrected(Held(second, one.holder, one.officer, one.certification), "Zoë Ångström")

    statuses_now = {row.number: row.status for row in await Certificate.all()}
    assert statuses_now == {
        one.certificate.number: CertificateStatus.superseded,
        second.number: CertificateStatus.superseded,
        third.number: CertificateStatus.valid,
    }


async def test_passing_again_before_the_end_renews_and_leaves_the_old_in_force(database: str) -> None:
    one = await held(validity_months=24)

    new = await earned(one.certification, one.holder, at=NOW + timedelta(days=600))

    old = await Certificate.get(id=one.certificate.id)
    assert (old.status, old.successor_id) == (CertificateStatus.valid, new.id)
    assert new.valid_until == datetime(2030, 7, 16, 9, 0, tzinfo=UTC)


async def test_passing_again_after_the_end_begins_anew_unless_grace_is_given(database: str) -> None:
    late = NOW + timedelta(days=740)  # ten days after two years
    strict, kind = await held(validity_months=24), await held(validity_months=24, grace_days=30)

    await earned(strict.certification, strict.holder, at=late)
    renewed = await earned(kind.certification, kind.holder, at=late)

    assert (await Certificate.get(id=strict.certificate.id)).successor_id is None
    assert (await Certificate.get(id=kind.certificate.id)).successor_id == renewed.id


async def test_revoked_certificate_is_not_renewed(database: str) -> None:
    one = await held()
    await statuses.revoke(one.certificate, reason="Cheating", by=one.officer, now=NOW)

    await earned(one.certification, one.holder, at=NOW + timedelta(days=10))

    assert (await Certificate.get(id=one.certificate.id)).successor_id is None


async def test_two_passes_issued_at_once_make_one_chain(database: str) -> None:
    """Whichever commits first, no certificate has two successors and none stands aside."""
    one = await held()
    moments = [NOW + timedelta(days=1, minutes=number) for number in range(4)]

    await asyncio.gather(*(earned(one.certification, one.holder, at=moment) for moment in moments))

    rows = await Certificate.filter(person_id=one.holder.id)
    followed = [row.successor_id for row in rows if row.successor_id is not None]
    assert len(rows) == 5
    assert len(followed) == len(set(followed))


async def test_validity_follows_the_policy_that_the_pass_was_made_under(database: str) -> None:
    one = await held(validity_months=24)
    await CertificationPolicy.create(certification=one.certification, version=2, validity_months=6)

    new = await earned(one.certification, await accounts.person(), at=NOW)

    assert one.certificate.valid_until == datetime(2028, 11, 24, 9, 0, tzinfo=UTC)
    assert new.valid_until == datetime(2027, 5, 24, 9, 0, tzinfo=UTC)
    assert (one.certificate.facts["policy_version"], new.facts["policy_version"]) == (1, 2)


async def test_officer_corrects_on_the_page_and_by_the_api(database: str, settings: Settings) -> None:
    one, other = await held(), await held()
    async with accounts.signed_in(create_app(settings), one.officer) as client:
        path = f"/organize/certificates/{one.certificate.number}"
        refused = await client.post(f"{path}/correct", data={"holder_name": "Zoe Angstrom", "reason": "typing error"})
        assert refused.status_code == 422
        assert 'href="#correct-holder_name"' in refused.text
        assert "typing error" in refused.text
        assert (await client.post(f"{path}/correct", data={"holder_name": "Zoë", "reason": "name"})).status_code == 303
        assert "A corrected certificate for Zoë is being issued." in (await client.get(path)).text
        assert (await client.post(f"{path}/nonsense", data={"reason": "name"})).status_code == 404
    async with accounts.signed_in(create_app(settings), other.officer) as client:
        path = f"/api/v1/certificates/{other.certificate.number}/correction"
        answer = await client.post(path, json={"holder_name": "Zoë", "reason": "name"})
        assert answer.status_code == 201
        assert answer.json()["corrects"] == other.certificate.number
        again = await client.post(path, json={"holder_name": "Zoé", "reason": "name"})
        assert (again.status_code, again.json()["code"]) == (409, "not_correctable")
        foreign = f"/api/v1/certificates/{one.certificate.number}/correction"
        assert (await client.post(foreign, json={"holder_name": "Zoë", "reason": "name"})).status_code == 403
    await run_pending()
    assert await Certificate.filter(holder_name="Zoë").count() == 2


async def test_name_changed_in_the_profile_while_the_job_waits_changes_nothing(database: str) -> None:
    one = await held()
    request = await issuing.request(
        SourceKind.attempt,
        uuid4(),
        certification=one.certification,
        policy=await current_policy(one.certification.id),
        person=one.holder,
        holder_name="As Confirmed",
        achieved_at=NOW,
        score=None,
        locale="en",
    )
    await Person.filter(id=one.holder.id).update(certificate_name="As Changed Later")

    await run_pending()

    assert (await Certificate.get(issue_request_id=request)).holder_name == "As Confirmed"


async def test_a_pass_of_an_earlier_day_that_is_graded_late_renews_nothing_later(database: str) -> None:
    """An essay graded after the next pass, or a list of last year, must not take the place of what came after it."""
    one = await held()
    earlier = await earned(one.certification, one.holder, at=NOW - timedelta(days=30))

    assert (await Certificate.get(id=one.certificate.id)).successor_id is None
    assert (await verification.verify(earlier.number, now=NOW)).renews is None
    same_day = await earned(one.certification, one.holder, at=NOW)
    assert (await Certificate.get(id=one.certificate.id)).successor_id == same_day.id
