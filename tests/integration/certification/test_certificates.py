"""Issuing exactly once, verifying, and withdrawing certificates."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest

from accounts.models import Person, Role
from accounts.tokens import CROCKFORD
from api.app import create_app
from api.worker import import_jobs
from certification.badges import vouching
from certification.badges.models import Badge
from certification.certificates import file_verification, issuing, statuses, verification
from certification.certificates.file_verification import FileVerdict
from certification.certificates.models import Certificate, IssueRequest, IssueState, SourceKind
from certification.certificates.verification import Standing
from certification.programs import certifications, queries
from certification.programs.models import Certification
from certification.programs.schemas import CertificationIn, PolicyIn
from core import files
from core.database import execute, fetchrow, fetchval
from core.job_runner import run_pending
from core.models import OutgoingMail
from core.settings import Settings, get_settings
from tests.factories import accounts

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
import_jobs()


async def a_certification(*, validity_months: int | None = 24) -> tuple[Certification, Person]:
    """A certification and its owner."""
    organization = await accounts.organization()
    owner = await accounts.member(organization)
    data = CertificationIn(
        title="Certified Associate",
        statement="Knows the foundations of open systems.",
        policy=PolicyIn(validity_months=validity_months),
    )
    return await certifications.create(organization, data, by=owner, now=NOW), owner


async def request_for(
    certification: Certification, holder: Person, *, name: str = "Zoë Ångström", source: object = None
) -> IssueRequest:
    """A decision to confer a certificate."""
    source_id = source or uuid4()
    await issuing.request(
        SourceKind.attempt,
        source_id,  # type: ignore[arg-type]
        certification=certification,
        policy=await queries.current_policy(certification.id),
        person=holder,
        holder_name=name,
        achieved_at=NOW,
        score=Decimal("81.50"),
        locale="en",
    )
    return await IssueRequest.get(source_id=source_id)


async def a_certificate(*, validity_months: int | None = 24) -> tuple[Certificate, Person, Person]:
    """An issued certificate, its holder, and the owner of the organization."""
    certification, owner = await a_certification(validity_months=validity_months)
    holder = await accounts.person()
    await request_for(certification, holder)
    await run_pending()
    return await Certificate.get(person_id=holder.id), holder, owner


async def test_pass_becomes_a_certificate_with_frozen_bytes_and_one_mail(database: str) -> None:
    certificate, holder, _ = await a_certificate()

    content = await files.get(certificate.pdf_sha256)
    assert content.startswith(b"%PDF-")
    assert len(content) == certificate.pdf_size
    assert certificate.holder_name == "Zoë Ångström"
    assert certificate.valid_until == datetime(2028, 11, 24, 9, 0, tzinfo=UTC)
    assert set(certificate.number.replace("-", "")) <= set(CROCKFORD)
    mail = await OutgoingMail.get(template="certificates/issued")
    assert mail.to_address == holder.email
    assert f"/verify/{certificate.number}" in mail.text


async def test_deciding_and_running_twice_gives_one_certificate_and_one_mail(database: str) -> None:
    certification, _ = await a_certification()
    holder, source = await accounts.person(), uuid4()
    request = await request_for(certification, holder, source=source)
    await request_for(certification, holder, source=source)

    await asyncio.gather(*(issuing.issue(request.id, now=NOW) for _ in range(6)))
    await run_pending()

    assert await Certificate.all().count() == 1
    assert await OutgoingMail.filter(template="certificates/issued").count() == 1


async def test_constraint_refuses_a_second_certificate_and_without_it_there_are_two(database: str) -> None:
    """Negative control: what keeps a pass to one certificate is the database, not the order of our statements."""
    certificate, _, _ = await a_certificate()
    copy = """INSERT INTO certificate SELECT (jsonb_populate_record(c, jsonb_build_object(
              'id', gen_random_uuid(), 'number', '0000-0000-0000', 'badge_id', NULL))).*
              FROM certificate c WHERE id = $1"""
    constraint = await fetchrow(
        """SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
           WHERE conrelid = 'certificate'::regclass AND contype = 'u'
             AND pg_get_constraintdef(oid) = 'UNIQUE (issue_request_id)'"""
    )
    assert constraint is not None

    with pytest.raises(asyncpg.UniqueViolationError, match=constraint["conname"]):
        await execute(copy, certificate.id)

    assert await copied_without(constraint["conname"], copy, certificate) == 2
    assert await Certificate.all().count() == 1


async def copied_without(constraint: str, copy: str, certificate: Certificate) -> int:
    """How many certificates the pass has once it was copied without the constraint; all of it is undone."""
    connection = await asyncpg.connect(get_settings().database_url)
    undone = connection.transaction()
    await undone.start()
    try:
        await connection.execute(f'ALTER TABLE certificate DROP CONSTRAINT "{constraint}"')
        await connection.execute(copy, certificate.id)
        rows = await connection.fetch(
            "SELECT id FROM certificate WHERE issue_request_id = $1", certificate.issue_request_id
        )
        return len(rows)
    finally:
        await undone.rollback()
        await connection.close()


async def test_name_that_cannot_be_set_waits_for_an_officer(database: str, settings: Settings) -> None:
    certification, owner = await a_certification()
    holder = await accounts.person()
    held = await request_for(certification, holder, name="Ana 🦄")
    await run_pending()

    await held.refresh_from_db()
    assert held.state is IssueState.held
    assert "🦄" in held.problem
    assert await Certificate.all().count() == 0
    async with accounts.signed_in(create_app(settings), owner) as client:
        page = await client.get(f"/organize/certifications/{certification.slug}/certificates")
        assert "Ana 🦄" in page.text
        answer = await client.post(f"/organize/issue-requests/{held.id}/retry", data={"holder_name": "Ana Lima"})
        assert answer.status_code == 303
    await run_pending()
    assert (await Certificate.get(person_id=holder.id)).holder_name == "Ana Lima"


async def test_retrying_what_is_not_held_is_refused(database: str) -> None:
    certificate, _, owner = await a_certificate()

    with pytest.raises(issuing.NotHeld):
        await issuing.retry(
            await IssueRequest.get(id=certificate.issue_request_id), holder_name=None, by=owner, now=NOW
        )


@pytest.mark.parametrize(
    "change", ["holder_name = 'Somebody Else'", "pdf_sha256 = repeat('0', 64)", "valid_until = now()", "number = 'X'"]
)
async def test_what_was_issued_never_changes(database: str, change: str) -> None:
    certificate, _, _ = await a_certificate()

    with pytest.raises(asyncpg.PostgresError, match="is frozen"):
        await execute(f"UPDATE certificate SET {change} WHERE id = $1", certificate.id)


async def test_nothing_deletes_a_certificate(database: str) -> None:
    await a_certificate()

    with pytest.raises(asyncpg.PostgresError, match="is frozen"):
        await execute("DELETE FROM certificate")


@pytest.mark.parametrize("typed", ["{n}", "{lower}", "{plain}", " {n} "])
async def test_number_verifies_as_people_type_it(database: str, typed: str) -> None:
    certificate, _, _ = await a_certificate()
    number = certificate.number
    text = typed.format(n=number, lower=number.lower(), plain=number.replace("-", ""))

    found = await verification.verify(text, now=NOW)

    assert (found.standing, found.number) == (Standing.valid, number)


async def test_standing_follows_the_date(database: str) -> None:
    certificate, _, _ = await a_certificate()
    assert certificate.valid_until is not None
    last_moment = certificate.valid_until - timedelta(microseconds=1)

    assert (await verification.verify(certificate.number, now=last_moment)).standing is Standing.valid
    assert (await verification.verify(certificate.number, now=certificate.valid_until)).standing is Standing.expired


async def test_certificate_without_end_never_expires(database: str) -> None:
    certificate, _, _ = await a_certificate(validity_months=None)

    assert (await verification.verify(certificate.number, now=NOW + timedelta(days=36_500))).standing is Standing.valid


@pytest.mark.parametrize("number", ["0000-0000-0000", "x", "", "7K3M-9QXT-2WB!", "ＡＡＡＡ-ＡＡＡＡ-ＡＡＡＡ"])
async def test_unknown_number_is_unknown(database: str, number: str) -> None:
    assert (await verification.verify(number, now=NOW)).standing is Standing.unknown


async def test_issued_file_is_genuine_and_one_changed_byte_is_noticed(database: str) -> None:
    certificate, _, _ = await a_certificate()
    content = await files.get(certificate.pdf_sha256)
    changed = content[:-10] + bytes([content[-10] ^ 1]) + content[-9:]

    genuine = await file_verification.verify_file(content, number=certificate.number, now=NOW)
    forged = await file_verification.verify_file(changed, number=certificate.number, now=NOW)

    assert genuine.verdict is FileVerdict.genuine
    assert genuine.sha256 == hashlib.sha256(content).hexdigest()
    assert forged.verdict is FileVerdict.altered
    assert forged.number == certificate.number


async def test_file_of_another_certificate_is_told_apart(database: str) -> None:
    one, _, _ = await a_certificate()
    other, _, _ = await a_certificate()

    checked = await file_verification.verify_file(await files.get(one.pdf_sha256), number=other.number, now=NOW)

    assert checked.verdict is FileVerdict.other_certificate
    assert checked.verification is not None
    assert checked.verification.number == one.number


async def test_suspension_ends_and_revocation_does_not(database: str) -> None:
    certificate, _, officer = await a_certificate()

    suspended = await statuses.suspend(certificate, reason="Under review", by=officer, now=NOW)
    reinstated = await statuses.reinstate(suspended, reason="Cleared", by=officer, now=NOW + timedelta(hours=1))
    revoked = await statuses.revoke(reinstated, reason="Forged identity", by=officer, now=NOW + timedelta(hours=2))

    assert [c.status.value for c in (suspended, reinstated, revoked)] == ["suspended", "valid", "revoked"]
    with pytest.raises(statuses.NotInForce, match="revoked already"):
        await statuses.reinstate(revoked, reason="Again", by=officer, now=NOW)
    assert await OutgoingMail.filter(template="certificates/status").count() == 3
    assert await fetchval("SELECT count(*) FROM audit_entry WHERE object_kind = 'certificate'") == 4


async def test_two_officers_revoking_at_once_revoke_once(database: str) -> None:
    certificate, _, officer = await a_certificate()

    outcomes = await asyncio.gather(
        *(statuses.revoke(certificate, reason=f"Reason {n}", by=officer, now=NOW) for n in range(4)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, Certificate) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, statuses.NotInForce) for outcome in outcomes) == 3
    assert await OutgoingMail.filter(template="certificates/status").count() == 1


async def test_api_shows_a_stranger_only_what_a_verifier_needs(database: str, settings: Settings) -> None:
    certificate, _, _ = await a_certificate()

    async with accounts.signed_in(create_app(settings), None) as client:
        shown = (await client.get(f"/api/v1/certificates/{certificate.number}")).json()
        unknown = await client.get("/api/v1/certificates/0000-0000-0000")
        refused = await client.get(f"/api/v1/certificates/{certificate.number}.pdf")

    until = "valid until November 24, 2028"
    badge = await Badge.get(id=certificate.badge_id)
    assert shown == {
        "number": certificate.number,
        "status": "valid",
        "holder": "Zoë Ångström",
        "achievement": "Certified Associate",
        "issuer": "Open Systems Foundation",
        "achieved_at": "2026-11-24T09:00:00Z",
        "issued_at": shown["issued_at"],
        "valid_until": "2028-11-24T09:00:00Z",
        "statement": f"Open Systems Foundation conferred “Certified Associate” on Zoë Ångström, and it is {until}.",
        "is_name_hidden": False,
        "corrects": None,
        "corrected_by": None,
        "renews": None,
        "renewed_by": None,
        "signature": "B-B",
        "pdf_sha256": certificate.pdf_sha256,
        "badge_signatures": list(vouching.digests(badge.credential, badge.jwt)),
        "checks": shown["checks"],
    }
    assert [(check["subject"], check["outcome"]) for check in shown["checks"]] == [
        ("register", "passed"),
        ("status", "passed"),
        ("dates", "passed"),
    ]
    assert unknown.json()["status"] == "unknown"
    assert refused.status_code == 401


async def test_pdf_is_for_holder_and_officer_only(database: str, settings: Settings) -> None:
    certificate, holder, owner = await a_certificate()
    app, stranger = create_app(settings), await accounts.person()

    answers = {}
    for name, person in (("holder", holder), ("officer", owner), ("stranger", stranger)):
        async with accounts.with_token(app, person) as client:
            answers[name] = await client.get(f"/api/v1/certificates/{certificate.number}.pdf")

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "holder": 200,
        "officer": 200,
        "stranger": 403,
    }
    assert hashlib.sha256(answers["holder"].content).hexdigest() == certificate.pdf_sha256


async def test_only_officers_revoke_and_the_reason_is_needed(database: str, settings: Settings) -> None:
    certificate, holder, _ = await a_certificate()
    organization = await certificate.organization
    officer = await accounts.member(organization, Role.certification_officer)
    author = await accounts.member(organization, Role.exam_author)
    app, path = create_app(settings), f"/api/v1/certificates/{certificate.number}/revocation"

    for person in (holder, author):
        async with accounts.with_token(app, person) as client:
            assert (await client.post(path, json={"reason": "No longer true"})).status_code == 403
    async with accounts.with_token(app, officer) as client:
        missing = await client.post(path, json={})
        done = await client.post(path, json={"reason": "No longer true"})
        again = await client.post(path, json={"reason": "No longer true"})

    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "reason")
    assert (done.status_code, done.json()["status"]) == (201, "revoked")
    assert (again.status_code, again.json()["code"]) == (409, "not_in_force")


async def test_verification_pages_say_what_is_true(database: str, settings: Settings) -> None:
    certificate, _, owner = await a_certificate()
    content = await files.get(certificate.pdf_sha256)

    async with accounts.signed_in(create_app(settings), None) as client:
        start = await client.get("/verify")
        found = await client.get("/verify", params={"number": certificate.number.lower()}, follow_redirects=True)
        unknown = await client.get("/verify/0000-0000-0000")
        genuine = await client.post("/verify/file", files={"file": ("c.pdf", content, "application/pdf")})
        forged = await client.post("/verify/file", files={"file": ("c.pdf", content + b" ", "application/pdf")})
        nothing = await client.post(f"/verify/{certificate.number}/file", data={})
        await statuses.revoke(certificate, reason="Forged identity", by=owner, now=NOW)
        revoked = await client.get(f"/verify/{certificate.number}")

    assert start.status_code == 200
    assert "conferred “Certified Associate” on Zoë Ångström, and it is valid until" in found.text
    assert (unknown.status_code, "No certificate with this number" in unknown.text) == (404, True)
    assert "Every byte is as it was issued" in genuine.text
    assert "This is not the file that Open Systems Foundation issued" in forged.text
    assert (nothing.status_code, "Choose a file" in nothing.text) == (422, True)
    assert "do not rely on it" in revoked.text
    assert "Forged identity" not in revoked.text


async def test_holder_finds_certificates_on_a_page_of_their_own(database: str, settings: Settings) -> None:
    certificate, holder, _ = await a_certificate()

    async with accounts.signed_in(create_app(settings), holder) as client:
        page = await client.get("/me/certificates")
        pdf = await client.get(f"/me/certificates/{certificate.number}.pdf")
    async with accounts.signed_in(create_app(settings), await accounts.person()) as client:
        empty = await client.get("/me/certificates")

    assert certificate.number in page.text
    assert pdf.headers["content-type"] == "application/pdf"
    assert "No certificates yet" in empty.text


async def test_officers_page_changes_the_status(database: str, settings: Settings) -> None:
    certificate, _, owner = await a_certificate()
    path = f"/organize/certificates/{certificate.number}"
    certification = await Certification.get(id=certificate.certification_id)

    async with accounts.signed_in(create_app(settings), owner) as client:
        listed = await client.get(f"/organize/certifications/{certification.slug}/certificates")
        short = await client.post(f"{path}/revoke", data={"reason": "x"})
        done = await client.post(f"{path}/suspend", data={"reason": "Under review"})
        shown = await client.get(path)
    async with accounts.signed_in(create_app(settings), await accounts.person()) as client:
        refused = await client.get(path)

    assert certificate.number in listed.text
    assert short.status_code == 422
    assert done.status_code == 303
    assert "Under review" in shown.text
    assert refused.status_code == 403
