"""What would hand an account or an organization over asks for the password again, on pages and calls alike."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest
from starlette.applications import Starlette

from accounts import passwords, proofs
from accounts.models import ApiToken, Organization, Person, Role, RoleGrant, SignInSession
from api.pages.routes import PAGES
from api.v1.routes import ENDPOINTS
from certification.bulk.models import BulkRun, RunKind, RunState
from certification.programs.models import Certification
from certification.signing.models import IssuerKey
from core.settings import Settings
from tests.factories import accounts, issued
from tests.factories.accounts import PASSWORD

ELEVEN_MINUTES = timedelta(minutes=11)


@pytest.fixture
async def organization(database: str) -> Organization:
    return await accounts.organization("open-systems")


@pytest.fixture
async def owner(organization: Organization) -> Person:
    """An owner with a password."""
    person = await accounts.member(organization)
    await Person.filter(id=person.id).update(password_hash=await passwords.hash_password(PASSWORD))
    await person.refresh_from_db()
    return person


@pytest.fixture
async def old(app: Starlette, owner: Person) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's browser, whose password was typed eleven minutes ago."""
    async with accounts.signed_in(app, owner) as client:
        await grow_old()
        yield client


async def grow_old() -> None:
    before = datetime.now(UTC) - ELEVEN_MINUTES
    await SignInSession.all().update(proved_at=before)
    await ApiToken.all().update(created_at=before)


SENSITIVE_PAGES = {
    "/me/tokens",
    "/organize/{slug}/members",
    "/organize/{slug}/members/{id:uuid}/remove",
    "/organize/{slug}/keys",
    "/organize/{slug}/keys/{id:uuid}/stolen",
    "/organize/certificates/{number}/{verb}",
}
SENSITIVE_CALLS = {
    "POST /organizations/{slug}/members",
    "DELETE /organizations/{slug}/members/{id:uuid}",
    "POST /organizations/{slug}/keys",
    "POST /certificates/{number}/revocation",
    "POST /certificates/{number}/suspension",
    "POST /certificates/{number}/reinstatement",
}


async def test_every_sensitive_line_asks_a_session_and_a_token_of_old(
    app: Starlette, old: httpx.AsyncClient, owner: Person
) -> None:
    pages = {page.path for page in PAGES if page.asks_password}
    calls = {f"{one.method} {one.path}": one for one in ENDPOINTS if one.asks_password}
    assert pages >= SENSITIVE_PAGES
    assert set(calls) >= SENSITIVE_CALLS
    someone = "01890000-0000-7000-8000-000000000000"

    def filled(path: str) -> str:
        path = path.replace("{slug}", "open-systems").replace("{verb}", "revoke")
        return re.sub(r"{\w+(:\w+)?}", someone, path)

    for path in pages:
        answer = await old.post(filled(path))
        assert (answer.status_code, "Type your password again" in answer.text) == (403, True), path
    async with accounts.with_token(app, owner) as program:
        await grow_old()
        for line, endpoint in calls.items():
            for client in (old, program):
                refused = await client.request(endpoint.method, "/api/v1" + filled(endpoint.path))
                assert (refused.status_code, refused.json()["code"]) == (403, "password_again"), line


async def test_the_page_asks_and_goes_on_with_all_that_was_typed(old: httpx.AsyncClient) -> None:
    typed = {"name": 'A "kiosk" & more', "scopes": ["read", "learn"], "expires_in_days": "7"}
    asked = await old.post("/me/tokens", data=typed, headers={"referer": "http://testserver/me/tokens?x=1"})
    assert asked.status_code == 403
    assert await ApiToken.all().count() == 0
    assert 'href="/me/tokens"' in asked.text
    hidden = [
        (unescape(name), unescape(value))
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', asked.text)
    ]
    assert hidden == [("name", 'A "kiosk" & more'), ("scopes", "read"), ("scopes", "learn"), ("expires_in_days", "7")]
    wrong = await old.post("/me/tokens", data={**typed, "password_again": "wrong"})
    assert wrong.status_code == 422
    assert "This is not your present password." in wrong.text
    assert 'value="A &#34;kiosk&#34; &amp; more"' in wrong.text
    assert 'value="wrong"' not in wrong.text
    made = await old.post("/me/tokens", data={**typed, "password_again": PASSWORD})
    assert made.status_code == 200
    token = await ApiToken.get()
    assert (token.name, token.scopes) == ('A "kiosk" & more', ["learn", "read"])
    again = await old.post("/me/tokens", data={**typed, "name": "another"})
    assert again.status_code == 200  # the proof counts for ten minutes


async def test_guessing_at_the_page_is_limited(old: httpx.AsyncClient, settings: Settings) -> None:
    codes = []
    for _n in range(settings.sign_in_failures_per_account + 3):
        answer = await old.post("/me/tokens", data={"name": "x", "password_again": "wrong"})
        codes.append(answer.status_code)
    assert codes[0] == 422
    assert codes[-1] == 429
    assert await ApiToken.all().count() == 0


async def test_a_call_goes_on_after_the_password(old: httpx.AsyncClient, owner: Person) -> None:
    someone = await accounts.person("new@example.org")
    body = {"email": someone.email, "role": "viewer"}
    path = "/api/v1/organizations/open-systems/members"
    assert (await old.post(path, json=body)).json()["code"] == "password_again"
    wrong = await old.post("/api/v1/me/proof", json={"password": "wrong"})
    assert [one["field"] for one in wrong.json()["errors"]] == ["password"]
    assert (await old.post(path, json=body)).status_code == 403
    assert (await old.post("/api/v1/me/proof", json={"password": PASSWORD})).status_code == 204
    assert (await old.post(path, json=body)).status_code == 201
    assert await RoleGrant.filter(person_id=someone.id, role=Role.viewer).count() == 1


async def test_a_token_counts_from_its_making_and_is_never_proved_again(
    app: Starlette, owner: Person, organization: Organization
) -> None:
    async with accounts.with_token(app, owner) as program:
        path = f"/api/v1/organizations/{organization.slug}/keys"
        assert (await program.post(path)).status_code == 201
        await grow_old()
        refused = await program.post("/api/v1/me/proof", json={"password": PASSWORD})
        assert (refused.status_code, refused.json()["code"]) == (403, "password_again")
        assert (await program.post(path)).json()["code"] == "password_again"
    assert await IssuerKey.all().count() == 1


async def test_one_browsers_proof_is_not_anothers(app: Starlette, owner: Person) -> None:
    async with accounts.signed_in(app, owner) as here, accounts.signed_in(app, owner) as there:
        await grow_old()
        assert (await here.post("/api/v1/me/proof", json={"password": PASSWORD})).status_code == 204
        assert (await here.post("/api/v1/organizations/open-systems/keys")).status_code == 201
        assert (await there.post("/api/v1/organizations/open-systems/keys")).status_code == 403


def test_a_proof_counts_for_ten_minutes_and_not_longer() -> None:
    now = datetime.now(UTC)
    proofs.require_recent(now - timedelta(minutes=9, seconds=59), now=now)
    for too_old in (None, now - timedelta(minutes=10)):
        with pytest.raises(proofs.PasswordAgain):
            proofs.require_recent(too_old, now=now)


async def test_revoking_one_certificate_asks_and_goes_on(app: Starlette, settings: Settings, database: str) -> None:
    certificate = await issued.certificate()
    officer = await accounts.member(await Organization.get(id=certificate.organization_id))
    await Person.filter(id=officer.id).update(password_hash=await passwords.hash_password(PASSWORD))
    async with accounts.signed_in(app, officer) as client:
        await grow_old()
        path = f"/organize/certificates/{certificate.number}/revoke"
        assert (await client.post(path, data={"reason": "Forged identity"})).status_code == 403
        done = await client.post(path, data={"reason": "Forged identity", "password_again": PASSWORD})
        assert done.status_code == 303
    await certificate.refresh_from_db()
    assert certificate.status_reason == "Forged identity"


@pytest.mark.parametrize(("kind", "status"), [(RunKind.revoke, 403), (RunKind.resend, 303)])
async def test_starting_a_run_that_revokes_asks(
    app: Starlette, settings: Settings, database: str, kind: RunKind, status: int
) -> None:
    certificate = await issued.certificate()
    officer = await accounts.member(await Organization.get(id=certificate.organization_id))
    async with accounts.signed_in(app, officer) as client:
        plan = {"kind": kind.value, "reason": "Fraud."} if kind is RunKind.revoke else {"kind": kind.value}
        slug = (await Certification.get(id=certificate.certification_id)).slug
        made = await client.post(f"/api/v1/certifications/{slug}/bulk-runs", json=plan)
        assert made.status_code == 201, made.text
        await grow_old()
        page = await client.post(f"/organize/certifications/{slug}/runs/{made.json()['id']}/start")
        assert page.status_code == status
        run = await BulkRun.get()
        assert (run.state is RunState.draft) is (kind is RunKind.revoke)
        if kind is RunKind.revoke:
            call = await client.post(f"/api/v1/bulk-runs/{run.id}/start")
            assert (call.status_code, call.json()["code"]) == (403, "password_again")
