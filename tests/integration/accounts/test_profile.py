import json
import re
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette

from accounts import passwords
from accounts.models import ApiToken, AuditEntry, Person, RoleGrant, SignInSession, SingleUseLink
from certification.erasure import erase_person
from core import mail
from core.models import OutgoingMail
from core.settings import Settings
from events.registration import feeds
from tests.factories import accounts, events
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import link_to, mails_to, wait_longer

EMAIL = "amina@example.org"


@pytest.fixture
async def amina(database: str) -> Person:
    """Somebody with a password."""
    person = await accounts.person(EMAIL)
    await Person.filter(id=person.id).update(password_hash=await passwords.hash_password(PASSWORD))
    await person.refresh_from_db()
    return person


async def test_the_api_shows_and_changes_the_profile(app: Starlette, amina: Person) -> None:
    async with accounts.with_token(app, amina) as client:
        changed = await client.patch(
            "/api/v1/me",
            json={"certificate_name": "  Amina  Wanjiru Otieno ", "locale": "fr", "time_zone": "Africa/Nairobi"},
        )
        assert changed.status_code == 200
        me = (await client.get("/api/v1/me")).json()
    assert changed.json() == me
    assert me == {
        "id": str(amina.id),
        "email": EMAIL,
        "is_confirmed": True,
        "display_name": "Amina Otieno",
        "certificate_name": "Amina Wanjiru Otieno",
        "locale": "fr",
        "time_zone": "Africa/Nairobi",
        "created_at": me["created_at"],
        "memberships": [],
    }
    entry = await AuditEntry.get(action="person.profile_changed")
    assert entry.after == {"changed": ["certificate_name", "locale", "time_zone"]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"locale": "tlh"}, "locale"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"display_name": ""}, "display_name"),
        ({"certificate_name": "a\tb\x07"}, "certificate_name"),
        ({"email": "x@example.org"}, "email"),
    ],
)
async def test_refuses_a_bad_profile(app: Starlette, amina: Person, change: dict[str, str], field: str) -> None:
    async with accounts.with_token(app, amina) as client:
        answer = await client.patch("/api/v1/me", json=change)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]


async def test_the_page_changes_the_profile(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        page = await client.get("/me/profile")
        assert '<option value="Africa/Nairobi"' in page.text
        form = {"display_name": "Ami", "certificate_name": "Amina O.", "locale": "en", "time_zone": "Europe/Paris"}
        assert (await client.post("/me/profile", data=form)).status_code == 303
        refused = await client.post("/me/profile", data={**form, "time_zone": "Nowhere"})
        assert refused.status_code == 422
        assert "IANA list" in refused.text
    await amina.refresh_from_db()
    assert (amina.display_name, amina.certificate_name, amina.time_zone) == ("Ami", "Amina O.", "Europe/Paris")


async def test_changing_the_password_ends_the_other_sessions(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as here, accounts.signed_in(app, amina) as there:
        form = {"current_password": "wrong", "new_password": "seven green tram lines"}
        wrong = await here.post("/me/profile/password", data=form)
        assert wrong.status_code == 422
        assert "This is not your present password." in wrong.text
        assert (await there.get("/api/v1/me")).status_code == 200
        done = await here.post("/me/profile/password", data={**form, "current_password": PASSWORD})
        assert done.status_code == 303
        assert (await here.get("/api/v1/me")).status_code == 200
        assert (await there.get("/api/v1/me")).status_code == 401
    await amina.refresh_from_db()
    assert await passwords.is_right("seven green tram lines", amina.password_hash)
    assert [each.template for each in await mails_to(EMAIL)] == ["accounts/password_changed"]


async def test_the_api_changes_the_password(app: Starlette, amina: Person) -> None:
    async with accounts.with_token(app, amina) as client:
        body = {"current_password": PASSWORD, "new_password": "Password1234"}
        weak = await client.post("/api/v1/me/password", json=body)
        assert [one["field"] for one in weak.json()["errors"]] == ["new_password"]
        done = await client.post("/api/v1/me/password", json={**body, "new_password": "seven green tram lines"})
        assert done.status_code == 200


async def test_a_new_address_counts_once_its_link_is_used(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        form = {"email": "Ami@example.net", "password": PASSWORD}
        assert (await client.post("/me/profile/email", data=form)).status_code == 303
        await amina.refresh_from_db()
        assert amina.email == EMAIL
        await client.post(await link_to("ami@example.net", "confirm"))
    await amina.refresh_from_db()
    assert (amina.email, amina.is_confirmed) == ("ami@example.net", True)
    templates = [each.template for each in await mails_to(EMAIL)]
    assert templates == ["accounts/email_change_asked", "accounts/email_changed"]


async def test_asking_for_a_known_address_answers_alike(app: Starlette, amina: Person) -> None:
    await accounts.person("taken@example.org")
    async with accounts.with_token(app, amina) as client:
        answers = [
            await client.post("/api/v1/me/email", json={"email": email, "password": PASSWORD})
            for email in ("taken@example.org", "free@example.org")
        ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    assert [each.template for each in await mails_to("taken@example.org")] == ["accounts/already_known"]
    assert [each.template for each in await mails_to("free@example.org")] == ["accounts/confirm"]


async def test_an_address_taken_meanwhile_is_refused(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        await client.post("/me/profile/email", data={"email": "new@example.org", "password": PASSWORD})
        await accounts.person("new@example.org")
        answer = await client.post(await link_to("new@example.org", "confirm"))
    assert answer.status_code == 409
    await amina.refresh_from_db()
    assert amina.email == EMAIL


async def test_downloads_everything_as_one_file(app: Starlette, amina: Person) -> None:
    chapter = await accounts.organization(name="Chapter")
    await accounts.member(chapter, of=amina)
    await events.speaker(chapter, "Amina Otieno", person=amina, affiliation="Sahel", biography="Clusters.")
    made_at = datetime.now(UTC)
    address = await feeds.renew(amina, now=made_at)
    await mail.send("accounts/reset", to=("", EMAIL), context={"link": "http://testserver/reset/still-open"})
    async with accounts.with_token(app, amina) as client:
        answer = await client.get("/api/v1/me/data")
    assert answer.headers["content-disposition"].startswith('attachment; filename="confero-')
    data = json.loads(answer.content)
    assert data["person"]["email"] == EMAIL
    assert [role["organization"] for role in data["roles"]] == ["Chapter"]
    assert [token["name"] for token in data["api_tokens"]] == ["test"]
    assert data["speaker"] == [
        {"organization": "Chapter", "name": "Amina Otieno", "affiliation": "Sahel", "biography": "Clusters."}
    ]
    assert data["calendar_address"] == {"made_at": made_at.isoformat()}
    assert address not in answer.text
    assert [(each["to_address"], each["subject"]) for each in data["mails"]] == [
        (EMAIL, "Set a new password"),
        (EMAIL, "An API token was made"),
    ]
    assert "still-open" not in answer.text
    assert {"registrations", "check_ins", "entitlements", "attempts", "certificates", "sign_ins", "acts"} <= set(data)
    assert "password_hash" not in answer.text
    assert "token_hash" not in answer.text
    async with accounts.signed_in(app, amina) as client:
        page = await client.get("/me/data")
    assert json.loads(page.content)["person"] == data["person"]


async def test_erasure_asks_for_the_password(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        wrong = await client.post("/me/erase", data={"password": "wrong"})
        assert wrong.status_code == 422
    async with accounts.with_token(app, amina) as client:
        refused = await client.post("/api/v1/me/erasure", json={"password": "wrong"})
        assert [one["field"] for one in refused.json()["errors"]] == ["password"]
    await amina.refresh_from_db()
    assert amina.erased_at is None


async def test_erasure_leaves_an_empty_row_and_nothing_else(app: Starlette, amina: Person) -> None:
    organization = await accounts.organization()
    await accounts.member(organization)
    await accounts.member(organization, of=amina)
    async with accounts.signed_in(app, amina) as client, accounts.with_token(app, amina):
        await client.post("/reset", data={"email": EMAIL})
        answer = await client.post("/me/erase", data={"password": PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await client.get("/api/v1/me")).status_code == 401
    await amina.refresh_from_db()
    assert (amina.email, amina.password_hash, amina.display_name, amina.certificate_name) == (None, None, "", "")
    assert amina.erased_at is not None
    for table in (SignInSession, ApiToken, SingleUseLink, RoleGrant):
        assert await table.filter(person_id=amina.id).count() == 0
    goodbye = await OutgoingMail.get(to_address=EMAIL)
    assert goodbye.template == "accounts/erased"
    assert await AuditEntry.filter(action="person.erased", object_id=amina.id).count() == 1
    async with accounts.signed_in(app, None) as client:
        again = await client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert again.status_code == 401
        new = {"email": EMAIL, "password": PASSWORD, "name": "Amina"}
        assert (await client.post("/sign-up", data=new)).status_code == 200
    assert await Person.filter(email=EMAIL, erased_at=None).count() == 1


async def test_the_last_owner_is_not_erased(app: Starlette, amina: Person) -> None:
    organization = await accounts.organization(name="Open Systems")
    await accounts.member(organization, of=amina)
    async with accounts.with_token(app, amina) as client:
        answer = await client.post("/api/v1/me/erasure", json={"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert "Open Systems" in answer.json()["detail"]
    await accounts.member(organization)
    await erase_person(amina, by=amina, now=datetime.now(UTC))
    assert await RoleGrant.filter(organization_id=organization.id).count() == 1


async def test_guessing_the_present_password_is_limited(app: Starlette, settings: Settings, amina: Person) -> None:
    settings.sign_in_failures_per_account = 2
    async with accounts.with_token(app, amina) as client:
        body = {"current_password": "wrong", "new_password": "seven green tram lines"}
        codes = [(await client.post("/api/v1/me/password", json=body)).status_code for _n in range(2)]
        await wait_longer()
        right = await client.post("/api/v1/me/password", json={**body, "current_password": PASSWORD})
    assert codes == [422, 422]
    assert right.status_code == 429


async def test_everything_that_touches_security_is_audited(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, None) as client:
        await client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        await client.post("/me/tokens", data={"name": "kiosk", "scopes": "read", "expires_in_days": "1"})
        await client.post(f"/me/tokens/{(await ApiToken.get()).id}/revoke")
        form = {"current_password": PASSWORD, "new_password": "seven green tram lines"}
        await client.post("/me/profile/password", data=form)
        await client.post("/me/profile/email", data={"email": "ami@example.net", "password": "seven green tram lines"})
        await client.post(await link_to("ami@example.net", "confirm"))
        await client.post("/reset", data={"email": "ami@example.net"})
        await client.post("/sign-out")
    entries = await AuditEntry.all().order_by("at", "id")
    assert [entry.action for entry in entries] == [
        "person.signed_in",
        "token.created",
        "token.revoked",
        "credentials.ended",
        "person.password_changed",
        "person.email_change_requested",
        "person.email_changed",
        "person.reset_requested",
        "session.ended",
    ]
    kept = json.dumps([[entry.before, entry.after] for entry in entries])
    for personal in (EMAIL, "ami@example.net", "Amina", "seven green"):
        assert personal not in kept


async def test_a_token_may_do_only_what_was_chosen(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        shown = (await client.get("/me/tokens")).text
        refused = await client.post("/me/tokens", data={"name": "kiosk", "expires_in_days": "7"})
    chosen = [box for box in re.findall(r'<input[^>]*name="scopes"[^>]*>', shown) if " checked" in box]
    assert [re.findall(r'value="(\w+)"', box) for box in chosen] == [["read"]]
    assert refused.status_code == 422
    assert "This field is required." in refused.text
    assert await ApiToken.all().count() == 0
