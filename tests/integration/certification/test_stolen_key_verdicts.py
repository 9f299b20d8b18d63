"""What a key signed that was stolen: by this register's word what was issued before stands, and all else is refused."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Person
from api.app import create_app
from api.worker import import_jobs
from certification.badges import addresses, checking, issuer, proofs
from certification.badges.issuer_keys import Fetch
from certification.badges.models import Badge
from certification.badges.verdicts import BadgeCheck, Reason, Verdict
from certification.certificates import offline, statements, thefts
from certification.certificates.file_verification import FileVerdict, verify_file
from certification.certificates.findings import Outcome
from certification.certificates.models import Certificate
from certification.signing import keys
from core import files
from core.job_runner import run_pending
from core.settings import Settings
from tests.factories import accounts
from tests.integration.certification.test_offline import asking
from tests.integration.certification.test_stolen_keys import NOW, THEFT, Robbed, declared, robbed

import_jobs()


async def badge_of(certificate: Certificate) -> Badge:
    return await Badge.get(id=certificate.badge_id)


def forged(one: Robbed, like: Badge, *, form: str = "json", **changes: Any) -> bytes:
    """What the thief signs: a badge like an issued one, with another holder, and with other members."""
    document = json.loads(like.credential)
    del document["proof"]
    document["credentialSubject"]["identifier"][0]["identityHash"] = "Mallory Moriarty"
    document |= changes
    key = keys.signing_key(one.key)
    address = addresses.key_address(addresses.issuer_did(one.organization.slug), one.key.public_key)
    if form == "jwt":
        return proofs.jwt(document | proofs.registered_claims(document), key, address=address).encode()
    return proofs.dump(proofs.prove(document, key, address=address, now=THEFT)).encode()


async def test_what_was_issued_before_is_genuine_in_every_form(database: str) -> None:
    one = await robbed()
    key = await declared(one)
    badge = await badge_of(one.before)
    for content in (badge.credential.encode(), badge.jwt.encode(), await files.get(one.before.pdf_sha256)):
        found = await verify_file(content, number=None, now=NOW)
        assert (found.verdict, statements.title_of_file(found)) == (FileVerdict.genuine, "Genuine and valid")
        assert Outcome.failed not in {check.outcome for check in found.checks}
    checked = await checking.check(badge.credential, now=NOW)
    assert (checked.verdict, checked.key_stolen_since) == (Verdict.valid, key.compromised_since)


@pytest.mark.parametrize("form", ["json", "jwt"])
@pytest.mark.parametrize(
    "changes",
    [
        {"id": f"urn:uuid:{uuid4()}"},
        {},
        {"validFrom": "2026-11-10T09:00:00Z", "awardedDate": "2026-11-10T09:00:00Z", "id": f"urn:uuid:{uuid4()}"},
        {"id": "urn:uuid:no-uuid"},
    ],
    ids=["new", "in place of one that was issued", "dated back", "without an id"],
)
async def test_what_the_register_does_not_hold_is_forged_whatever_date_it_claims(
    database: str, form: str, changes: dict[str, Any]
) -> None:
    one = await robbed()
    content = forged(one, await badge_of(one.before), form=form, **changes)
    assert (await checking.check(content, now=NOW)).verdict is Verdict.valid  # this is what the theft is worth
    await declared(one)

    checked = await checking.check(content, now=NOW)
    found = await verify_file(content, number=None, now=NOW)

    assert (checked.verdict, checked.reasons[0]) == (Verdict.refused, Reason.stolen_key)
    assert found.verdict is FileVerdict.altered
    texts = [check.text for check in found.checks if check.outcome is Outcome.failed]
    assert any("the issuer's register holds no such badge" in text for text in texts)


async def test_a_badge_issued_since_then_is_refused_and_its_certificate_stands(database: str) -> None:
    one = await robbed()
    key = await declared(one)
    badge, pdf = await badge_of(one.since), await files.get(one.since.pdf_sha256)

    found = await verify_file(badge.credential.encode(), number=None, now=NOW)
    as_pdf = await verify_file(pdf, number=None, now=NOW)

    assert (found.verdict, statements.title_of_file(found)) == (FileVerdict.signed_since_theft, "Not to be relied on")
    assert statements.of_file(found) == (
        f"Open Systems Foundation issued this badge as certificate {one.since.number}, but with a key that had been"
        " stolen by then: do not rely on the badge, but on the page of its number."
    )
    assert (as_pdf.verdict, statements.title_of_file(as_pdf)) == (FileVerdict.genuine, "Genuine and valid")
    assert Outcome.failed not in {check.outcome for check in as_pdf.checks}

    await thefts.issue_all_again(key, by=one.owner, now=NOW)
    await run_pending()
    after = await verify_file(badge.credential.encode(), number=None, now=NOW)
    again = await Certificate.get(id=one.since.id).select_related("successor")
    assert again.successor is not None
    assert f"has issued it again as {again.successor.number}: rely on that one." in statements.of_file(after)
    new = await badge_of(again.successor)
    assert (await checking.check(new.credential, now=datetime.now(UTC))).verdict is Verdict.valid


@asynccontextmanager
async def judging(settings: Settings) -> AsyncIterator[Fetch]:
    async with asking(create_app(settings)) as fetch:
        yield fetch


async def judge(content: bytes, one: Robbed, fetch: Fetch | None) -> tuple[Verdict, BadgeCheck]:
    """What `confero verify` says to somebody who trusts the issuer."""
    did = addresses.issuer_did(one.organization.slug)
    judged = await offline.judge(content, now=NOW, fetch=fetch, trusted=frozenset({did}))
    assert judged.examination.badge is not None
    return judged.verdict, judged.examination.badge


async def test_from_outside_the_register_is_asked(database: str, settings: Settings) -> None:
    one = await robbed()
    await declared(one)
    before, since = await badge_of(one.before), await badge_of(one.since)
    async with judging(settings) as fetch:
        for content in (before.credential.encode(), before.jwt.encode()):
            verdict, checked = await judge(content, one, fetch)
            assert (verdict, checked.reasons, checked.key_stolen_since) == (Verdict.valid, (), THEFT)
        for content in (since.credential.encode(), since.jwt.encode()):
            verdict, checked = await judge(content, one, fetch)
            assert (verdict, checked.reasons) == (Verdict.refused, (Reason.signed_since_theft,))
        for content in (
            forged(one, before),
            forged(one, before, form="jwt"),
            forged(one, before, id=f"urn:uuid:{uuid4()}", validFrom="2026-11-02T09:00:00Z"),
        ):
            verdict, checked = await judge(content, one, fetch)
            assert (verdict, checked.reasons[0]) == (Verdict.refused, Reason.stolen_key)


async def test_where_only_the_document_is_at_hand_it_is_undetermined_or_by_its_own_word_too_late(
    database: str, settings: Settings
) -> None:
    one = await robbed()
    await declared(one)
    did = addresses.issuer_did(one.organization.slug)
    document = json.dumps(issuer.did_document(one.organization.slug, await keys.published(one.organization.id)))

    async def document_alone(address: str) -> bytes:
        if address != addresses.did_document(did):
            raise OSError("down")
        return document.encode()

    before, since = await badge_of(one.before), await badge_of(one.since)
    verdict, checked = await judge(before.credential.encode(), one, document_alone)
    assert (verdict, checked.reasons[0]) == (Verdict.undetermined, Reason.theft_unclear)
    verdict, checked = await judge(since.credential.encode(), one, document_alone)
    assert (verdict, checked.reasons[0]) == (Verdict.refused, Reason.signed_since_theft)


async def test_a_status_list_that_the_thief_signed_counts_for_nothing(database: str, settings: Settings) -> None:
    """The thief stands between reader and issuer and serves a list of their own, in which nothing is revoked."""
    one = await robbed()
    from certification.badges.models import StatusListPublication

    old = {
        f"status-lists/{row.status_list_id}/{row.purpose.value}": row.document
        for row in await StatusListPublication.filter(status_list__organization_id=one.organization.id)
    }
    await declared(one)
    async with judging(settings) as fetch:

        async def with_old_lists(address: str) -> bytes:
            stale = old.get(address.partition("//")[2].partition("/")[2])
            return stale.encode() if stale else await fetch(address)

        _verdict, checked = await judge((await badge_of(one.before)).credential.encode(), one, with_old_lists)

    assert Reason.status_unavailable in checked.reasons


async def test_the_public_answer_names_the_signatures_that_were_issued(database: str, settings: Settings) -> None:
    one = await robbed()
    async with accounts.signed_in(create_app(settings), None) as client:
        told = await client.get(f"/api/v1/certificates/{one.before.number}")
        unknown = await client.get("/api/v1/certificates/0000-0000-0000")
    assert [len(digest) for digest in told.json()["badge_signatures"]] == [64, 64]
    assert unknown.json()["badge_signatures"] == []


async def test_the_page_says_so_to_whoever_drops_a_forgery(database: str, settings: Settings) -> None:
    one = await robbed()
    content = forged(one, await badge_of(one.before), id=f"urn:uuid:{uuid4()}")
    await declared(one)
    reader: Person | None = None
    async with accounts.signed_in(create_app(settings), reader) as client:
        page = await client.post("/verify/file", files={"file": ("badge.json", content, "application/json")})
    assert "It is forged: the key that signed it was stolen" in page.text.replace("&#39;", "'")
