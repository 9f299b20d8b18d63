"""What badges point at, as anybody gets it; a badge's files, as its holder and officers do; and the owners' keys."""

import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from accounts.models import AuditEntry, Organization, Person, Role
from api.app import create_app
from api.worker import import_jobs
from certification.badges import baking, status_lists
from certification.badges.checking import check
from certification.badges.models import Badge
from certification.badges.verdicts import KeySource, Reason, Verdict
from certification.certificates import achievements, issuing, statuses
from certification.certificates.models import Certificate
from certification.programs.models import Certification, CertificationStatus
from certification.signing import keys
from certification.signing.models import IssuerKey
from core.database import execute
from core.job_runner import run_pending
from core.settings import Settings
from tests import second_verifier
from tests.factories import accounts, certification, events, issued

import_jobs()


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    """The whole application on the test's database."""
    return create_app(settings)


@pytest.fixture
async def anybody(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A reader from anywhere."""
    async with accounts.signed_in(app, None) as client:
        yield client


async def holder_of(certificate: Certificate) -> Person:
    return await Person.get(id=certificate.person_id)


async def organization_of(certificate: Certificate) -> Organization:
    return await Organization.get(id=certificate.organization_id)


async def test_issuers_document_lists_every_key(anybody: httpx.AsyncClient) -> None:
    certificate = await issued.certificate()
    organization = await organization_of(certificate)
    owner = await accounts.member(organization)
    old = (await keys.key_in_use(organization.id)).public_key
    new = (await keys.rotate(organization, by=owner, now=issued.NOW)).public_key

    answer = await anybody.get(f"/organizations/{organization.slug}/did.json")

    did = f"did:web:testserver:organizations:{organization.slug}"
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/did+ld+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json() == {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [
            {"id": f"{did}#{key}", "type": "Multikey", "controller": did, "publicKeyMultibase": key}
            for key in (new, old)
        ],
        "assertionMethod": [f"{did}#{new}", f"{did}#{old}"],
    }


@pytest.mark.parametrize("slug", ["nobody", "keyless"])
async def test_issuer_without_keys_has_no_document(slug: str, anybody: httpx.AsyncClient) -> None:
    await accounts.organization("keyless")

    assert (await anybody.get(f"/organizations/{slug}/did.json")).status_code == 404


async def test_served_documents_alone_confirm_a_badge(anybody: httpx.AsyncClient) -> None:
    """As the command line does it: the DID document and both lists are fetched, and nothing else is known."""
    certificate = await issued.certificate()
    badge = await Badge.get(id=certificate.badge_id)
    asked: list[str] = []

    async def fetch(address: str) -> bytes:
        asked.append(address)
        return (await anybody.get(address.replace("https://testserver", "http://testserver"))).content

    trusted = frozenset({json.loads(badge.credential)["issuer"]["id"]})
    valid = await check(badge.credential, now=issued.NOW, fetch=fetch, has_database=False, trusted=trusted)
    officer = await accounts.member(await organization_of(certificate))
    await statuses.revoke(certificate, reason="Fraud.", by=officer, now=issued.NOW)
    await run_pending()
    revoked = await check(badge.jwt, now=datetime.now(UTC), fetch=fetch, has_database=False, trusted=trusted)

    assert (valid.verdict, valid.key_source) == (Verdict.valid, KeySource.did_web)
    assert (revoked.verdict, revoked.reasons) == (Verdict.refused, (Reason.revoked,))
    assert len(set(asked)) == 3


async def test_own_badge_is_confirmed_by_the_database(database: str) -> None:
    certificate = await issued.certificate()
    badge = await Badge.get(id=certificate.badge_id)
    officer = await accounts.member(await organization_of(certificate))

    valid = await check(badge.credential, now=issued.NOW)
    await keys.rotate(await organization_of(certificate), by=officer, now=issued.NOW)
    after_rotation = await check(badge.jwt, now=issued.NOW)
    await statuses.suspend(certificate, reason="Under review.", by=officer, now=issued.NOW)
    suspended = await check(badge.credential, now=issued.NOW)

    assert (valid.verdict, valid.key_source) == (Verdict.valid, KeySource.database)
    assert valid.claims is not None
    assert (valid.claims.number, valid.claims.holder_name) == (certificate.number, "Zoë Ångström")
    assert after_rotation.verdict is Verdict.valid
    assert (suspended.verdict, suspended.reasons) == (Verdict.refused, (Reason.suspended,))


async def test_badge_in_our_name_by_another_key_is_refused(database: str) -> None:
    certificate = await issued.certificate()
    badge = await Badge.get(id=certificate.badge_id)
    key_id = badge.issuer_key_id
    await execute("UPDATE issuer_key SET public_key = 'z6Mk-another' WHERE id = $1", key_id)

    found = await check(badge.credential, now=issued.NOW)

    assert (found.verdict, found.reasons) == (Verdict.refused, (Reason.foreign_key,))


async def test_achievement_is_what_the_badge_says(anybody: httpx.AsyncClient) -> None:
    certificate = await issued.certificate()
    badge = json.loads((await Badge.get(id=certificate.badge_id)).credential)
    inside = badge["credentialSubject"]["achievement"]

    answer = await anybody.get(inside["id"], headers={"accept": "application/ld+json"})

    served = answer.json()
    assert answer.headers["content-type"] == "application/ld+json"
    assert answer.headers["vary"] == "Accept"
    assert {name: served[name] for name in inside} == inside
    assert set(served) - set(inside) == {"@context", "creator"}
    assert served["creator"]["id"] == badge["issuer"]["id"]


async def test_people_are_led_to_the_page_of_the_achievement(anybody: httpx.AsyncClient) -> None:
    exam = await certification.certification()
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

    answer = await anybody.get(f"/achievements/{exam.id}", headers=browser)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"http://testserver/certifications/{exam.slug}"


async def test_draft_and_unknown_are_no_achievements(anybody: httpx.AsyncClient) -> None:
    draft = await certification.certification(published=False)
    event = await events.published_event()

    for achievement_id in (draft.id, event.id, uuid4()):
        for path in ("", "/image.png", "/image.svg"):
            assert (await anybody.get(f"/achievements/{achievement_id}{path}")).status_code == 404


async def test_retired_certification_keeps_its_address(anybody: httpx.AsyncClient) -> None:
    exam = await certification.certification()
    await Certification.filter(id=exam.id).update(status=CertificationStatus.retired)

    assert (await anybody.get(f"/achievements/{exam.id}")).json()["name"] == exam.title


async def test_attendance_is_an_achievement_of_its_event(anybody: httpx.AsyncClient) -> None:
    organization = await accounts.organization()
    event = await events.published_event(organization, title="Nairobi Systems Days")
    await issuing.request_attendance(
        uuid4(),
        organization=organization,
        event_id=event.id,
        person=await accounts.person(),
        holder_name="Amina Otieno",
        achievement="Nairobi Systems Days",
        statement="took part in the sessions",
        achieved_at=issued.NOW,
        hours=6,  # type: ignore[arg-type]
        credits=None,
        layout_id=None,
        locale="en",
    )

    served = (await anybody.get(f"/achievements/{event.id}")).json()

    assert (served["achievementType"], served["name"]) == ("CertificateOfCompletion", "Nairobi Systems Days")
    assert served["description"] == "took part in the sessions"
    assert served["criteria"]["id"] == f"http://testserver/events/{event.slug}"


async def test_pictures_are_for_every_site(anybody: httpx.AsyncClient) -> None:
    exam = await certification.certification(title='Systems & "Networks"')

    png = await anybody.get(f"/achievements/{exam.id}/image.png")
    svg = await anybody.get(f"/achievements/{exam.id}/image.svg")

    picture = Image.open(io.BytesIO(png.content))
    assert (png.headers["content-type"], picture.size, picture.format) == ("image/png", (600, 600), "PNG")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert '<title>Systems &amp; "Networks"</title>' in svg.text
    for answer in (png, svg):
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["cache-control"] == "public, max-age=3600"


async def test_status_list_is_served_with_its_etag(anybody: httpx.AsyncClient) -> None:
    organization = await accounts.organization()
    list_id = (await status_lists.allocate(organization.id, now=issued.NOW)).list_id
    address = f"/status-lists/{list_id}/revocation"

    first = await anybody.get(address)
    again = await anybody.get(address, headers={"if-none-match": first.headers["etag"]})
    weakly = await anybody.get(address, headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
    other = await anybody.get(address, headers={"if-none-match": '"other"'})

    assert first.headers["content-type"] == "application/vc"
    assert first.headers["cache-control"] == "public, max-age=300"
    assert first.headers["access-control-allow-origin"] == "*"
    verified = second_verifier.verify(first.text)
    assert verified["credentialSubject"]["ttl"] == 300_000
    assert verified["id"] == f"http://testserver{address}"
    assert [(one.status_code, one.content) for one in (again, weakly)] == [(304, b""), (304, b"")]
    assert again.headers["etag"] == first.headers["etag"]
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("path", ["message", "Revocation", "revocation/"])
async def test_list_of_another_purpose_is_not_there(path: str, anybody: httpx.AsyncClient) -> None:
    organization = await accounts.organization()
    list_id = (await status_lists.allocate(organization.id, now=issued.NOW)).list_id

    assert (await anybody.get(f"/status-lists/{list_id}/{path}")).status_code in (404, 307)
    assert (await anybody.get(f"/status-lists/{uuid4()}/revocation")).status_code == 404


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
async def test_holder_downloads_the_badge_in_four_forms(prefix: str, app: Starlette) -> None:
    certificate = await issued.certificate()
    badge = await Badge.get(id=certificate.badge_id)
    base = f"{prefix}/certificates/{certificate.number}/badge"

    async with accounts.signed_in(app, await holder_of(certificate)) as client:
        found = {form: await client.get(f"{base}.{form}") for form in ("json", "jwt", "png", "svg")}

    assert found["json"].text == badge.credential
    assert found["jwt"].text == badge.jwt
    assert baking.unbake(found["png"].content) == badge.credential
    assert baking.unbake(found["svg"].content) == badge.credential
    assert {form: answer.headers["content-type"] for form, answer in found.items()} == {
        "json": "application/vc",
        "jwt": "application/vc+jwt",
        "png": "image/png",
        "svg": "image/svg+xml",
    }
    assert found["png"].headers["content-disposition"] == f'attachment; filename="{certificate.number}.png"'
    Image.open(io.BytesIO(found["png"].content)).load()
    for answer in found.values():
        assert (await check(answer.content, now=issued.NOW)).verdict is Verdict.valid


async def test_badge_names_its_holder_to_few(app: Starlette) -> None:
    certificate = await issued.certificate()
    organization = await organization_of(certificate)
    address = f"/certificates/{certificate.number}/badge.json"
    statuses_seen = {}
    people = {
        "officer": await accounts.member(organization, Role.certification_officer),
        "viewer": await accounts.member(organization, Role.viewer),
        "stranger": await accounts.person(),
    }
    for name, person in people.items():
        async with accounts.signed_in(app, person) as client:
            statuses_seen[name] = (await client.get(address)).status_code
    async with accounts.signed_in(app, None) as client:
        answer = await client.get(address, headers={"accept": "application/json"})
        statuses_seen["nobody"] = (await client.get(f"/api/v1{address}")).status_code

    assert statuses_seen == {"officer": 200, "viewer": 403, "stranger": 403, "nobody": 401}
    assert answer.status_code in (303, 401)


async def test_certificate_from_before_badges_has_no_badge(app: Starlette) -> None:
    certificate = await issued.certificate()
    await execute("ALTER TABLE certificate DISABLE TRIGGER USER")
    await execute("UPDATE certificate SET badge_id = NULL WHERE id = $1", certificate.id)
    await execute("ALTER TABLE certificate ENABLE TRIGGER USER")

    async with accounts.signed_in(app, await holder_of(certificate)) as client:
        assert (await client.get(f"/certificates/{certificate.number}/badge.json")).status_code == 404


async def test_other_forms_are_not_there(app: Starlette) -> None:
    certificate = await issued.certificate()

    async with accounts.signed_in(app, await holder_of(certificate)) as client:
        assert (await client.get(f"/certificates/{certificate.number}/badge.exe")).status_code == 404


async def test_owner_makes_a_new_key(app: Starlette) -> None:
    certificate = await issued.certificate()
    organization = await organization_of(certificate)
    owner = await accounts.member(organization)
    old = await keys.key_in_use(organization.id)

    async with accounts.signed_in(app, owner) as client:
        before = await client.get(f"/organize/{organization.slug}/keys")
        answer = await client.post(f"/organize/{organization.slug}/keys")
        after = await client.get(f"/organize/{organization.slug}/keys")

    new = await keys.key_in_use(organization.id)
    assert answer.status_code == 303
    assert old.public_key in before.text
    assert "Retired" not in before.text
    assert after.text.index(new.public_key) < after.text.index("Retired") < after.text.index(old.public_key)
    entry = await AuditEntry.get(object_id=new.id)
    assert (entry.action, entry.actor_id) == ("issuer_key.made", owner.id)


async def test_organization_without_a_key_is_told_what_comes(app: Starlette) -> None:
    organization = await accounts.organization()
    owner = await accounts.member(organization)

    async with accounts.signed_in(app, owner) as client:
        page = await client.get(f"/organize/{organization.slug}/keys")
        await client.post(f"/organize/{organization.slug}/keys")

    assert "No key yet" in page.text
    assert await IssuerKey.filter(organization_id=organization.id).count() == 1


@pytest.mark.parametrize("role", [Role.certification_officer, Role.viewer, Role.organizer])
async def test_keys_are_the_owners_alone(role: Role, app: Starlette) -> None:
    organization = await accounts.organization()

    async with accounts.signed_in(app, await accounts.member(organization, role)) as client:
        shown = await client.get(f"/organize/{organization.slug}/keys")
        made = await client.post(f"/organize/{organization.slug}/keys")
        by_call = await client.post(f"/api/v1/organizations/{organization.slug}/keys")

    assert [answer.status_code for answer in (shown, made, by_call)] == [403, 403, 403]
    assert await IssuerKey.all().count() == 0


async def test_keys_by_the_api(app: Starlette) -> None:
    organization = await accounts.organization("osf")
    owner = await accounts.member(organization)

    async with accounts.with_token(app, owner) as client:
        first = (await client.post("/api/v1/organizations/osf/keys")).json()
        second = (await client.post("/api/v1/organizations/osf/keys")).json()
        listed = (await client.get("/api/v1/organizations/osf/keys")).json()

    assert [one["public_key"] for one in listed["items"]] == [second["public_key"], first["public_key"]]
    assert [one["retired_at"] is None for one in listed["items"]] == [True, False]
    assert second["address"] == f"did:web:testserver:organizations:osf#{second['public_key']}"
    assert second["kept"] == "database"
    assert "sealed" not in second


def test_kind_of_achievement_follows_the_certificate() -> None:
    assert achievements.type_of(Certificate(certification_id=uuid4())).value == "Certification"
    assert achievements.type_of(Certificate(event_id=uuid4())).value == "CertificateOfCompletion"
