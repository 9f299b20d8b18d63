"""Renewal and credits over HTTP: the holder's page, the officer's queue, and the same by API."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from starlette.applications import Starlette

from accounts.models import Organization, Person, Role
from api.app import create_app
from api.worker import import_jobs
from certification.certificates.models import Certificate
from certification.programs.models import Certification
from certification.renewal import credits
from certification.renewal.models import Credit, CreditState
from core.job_runner import run_pending
from core.settings import Settings
from tests.factories import accounts, renewal
from tests.factories.renewal import PDF
from tests.queries import count_queries

import_jobs()
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


@pytest.fixture
async def held(database: str) -> Certificate:
    """A certificate that ends in 25 days and 20 credits renew."""
    return await renewal.certificate(now=NOW)


def claim_form(**changed: str) -> dict[str, str]:
    day = (NOW - timedelta(days=3)).date().isoformat()
    return {"title": "Course on kernels", "amount": "20", "earned_on": day, "description": "", **changed}


async def slug_of(held: Certificate) -> str:
    return (await Certification.get(id=held.certification_id)).slug


async def test_holder_claims_officer_approves_holder_renews(app: Starlette, held: Certificate) -> None:
    holder, officer = await Person.get(id=held.person_id), await renewal.officer_of(held)
    path = f"/me/certificates/{held.number}"
    queue = f"/organize/certifications/{await slug_of(held)}/credits"
    async with accounts.signed_in(app, holder) as client, accounts.signed_in(app, officer) as staff:
        page = (await client.get(f"{path}/renewal")).text
        assert "Pass the exam again" in page
        assert "0 of 20" in page
        assert "Renew with your credits" not in page
        made = await client.post(f"{path}/credits", data=claim_form(), files={"file": ("kernels.pdf", PDF)})
        assert made.status_code == 303
        one = await Credit.get(person_id=holder.id)
        own_file = await client.get(f"/me/credits/{one.id}/evidence")
        assert (own_file.content, own_file.headers["content-type"]) == (PDF, "application/pdf")
        assert own_file.headers["content-disposition"] == f'attachment; filename="evidence-{one.id}.pdf"'

        waiting = (await staff.get(queue)).text
        assert "Credits (1)" in waiting
        assert "kernels.pdf" in waiting
        assert (await staff.get(f"{queue}/{one.id}/evidence")).content == PDF
        refused = await staff.post(f"{queue}/{one.id}/decide", data={"is_approved": "false", "amount": "20"})
        assert refused.status_code == 422
        assert f'href="#{one.id}-reason"' in refused.text
        done = await staff.post(f"{queue}/{one.id}/decide", data={"is_approved": "true", "amount": "20"})
        assert done.status_code == 303
        assert "Take back" in (await staff.get(f"{queue}?state=approved")).text

        assert "Renew with your credits" in (await client.get(f"{path}/renewal")).text
        assert (await client.post(f"{path}/renewal")).status_code == 303
        assert 'hx-trigger="every 2s"' in (await client.get(f"{path}/renewal")).text
        again = await client.post(f"{path}/renewal")
        assert again.status_code == 409
        assert "being renewed already" in again.text
        await run_pending()
        new = await Certificate.get(person_id=holder.id, id__not=held.id)
        page = (await client.get(f"{path}/renewal")).text
        assert f"Certificate {new.number} follows this one" in page
        assert "Used for a renewal" in page
        assert held.number in (await client.get(f"/me/certificates/{new.number}")).text
        assert new.number in (await client.get(path)).text
        assert "Take back" not in (await staff.get(f"{queue}?state=approved")).text


async def test_every_wrong_field_of_a_claim_is_named_at_once(app: Starlette, held: Certificate) -> None:
    async with accounts.signed_in(app, await Person.get(id=held.person_id)) as client:
        path = f"/me/certificates/{held.number}/credits"
        answer = await client.post(path, data=claim_form(title="", amount="0"), files={"file": ("a.html", b"<html>")})
        assert answer.status_code == 422
        for name in ("title", "amount", "file"):
            assert f'href="#{name}"' in answer.text
        assert "Send a PDF, or a picture as PNG or JPEG." in answer.text
        late = (NOW + timedelta(days=3)).date().isoformat()
        future = await client.post(path, data=claim_form(earned_on=late), files={"file": ("a.pdf", PDF)})
        assert future.status_code == 422
        assert "not one to come" in future.text
        assert 'value="Course on kernels"' in future.text
        nothing = await client.post(path, data=claim_form())
        assert "Choose a file." in nothing.text
    assert await Credit.all().count() == 0


async def test_holder_withdraws_and_officer_takes_back(app: Starlette, held: Certificate) -> None:
    holder, officer = await Person.get(id=held.person_id), await renewal.officer_of(held)
    one, other = await renewal.claim(held, now=NOW), await renewal.claim(held, content=PDF + b"%%EOF", now=NOW)
    queue = f"/organize/certifications/{await slug_of(held)}/credits"
    async with accounts.signed_in(app, holder) as client, accounts.signed_in(app, officer) as staff:
        gone = await client.post(f"/me/certificates/{held.number}/credits/{one.id}/withdraw")
        assert gone.status_code == 303
        await staff.post(f"{queue}/{other.id}/decide", data={"is_approved": "false", "reason": "Unreadable."})
        assert "Unreadable." in (await client.get(f"/me/certificates/{held.number}/renewal")).text
        assert (await staff.post(f"{queue}/{other.id}/reopen")).status_code == 303
    assert [row.state for row in await Credit.all()] == [CreditState.claimed]


async def test_strangers_and_other_roles_see_no_credit(app: Starlette, held: Certificate) -> None:
    one = await renewal.claim(held, now=NOW)
    organization = await Organization.get(id=held.organization_id)
    other_program = await renewal.program()
    other_officer = await accounts.member(await other_program.organization, Role.certification_officer)
    slug = await slug_of(held)
    pages = [
        (f"/me/credits/{one.id}/evidence", 404),
        (f"/organize/certifications/{slug}/credits", 404),
        (f"/organize/certifications/{slug}/credits/{one.id}/evidence", 404),
        (f"/organize/certifications/{other_program.slug}/credits/{one.id}/evidence", 404),
        (f"/me/certificates/{held.number}/renewal", 403),
    ]
    for stranger in (await accounts.person(), other_officer):
        async with accounts.signed_in(app, stranger) as client:
            assert [(path, (await client.get(path)).status_code) for path, _ in pages] == pages
    async with accounts.signed_in(app, await accounts.member(organization, Role.exam_author)) as author:
        assert (await author.get(f"/organize/certifications/{slug}/credits")).status_code == 403
        assert "/credits" not in (await author.get(f"/organize/certifications/{slug}")).text


async def test_own_claim_shows_no_form_to_the_officer_who_made_it(app: Starlette, database: str) -> None:
    program = await renewal.program()
    officer = await accounts.member(await program.organization, Role.certification_officer)
    held = await renewal.certificate(program, officer, now=NOW)
    one = await renewal.claim(held, now=NOW)
    queue = f"/organize/certifications/{program.slug}/credits"
    async with accounts.signed_in(app, officer) as client:
        page = await client.get(queue)
        assert "Another officer has to decide about it." in page.text
        assert "/decide" not in page.text
        forced = await client.post(f"{queue}/{one.id}/decide", data={"is_approved": "true"})
        assert forced.status_code == 403
    assert (await Credit.get(id=one.id)).state is CreditState.claimed


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("endless", "does not expire, so there is nothing to renew"),
        ("over", "The time to renew this certificate is over."),
        ("grace", "You can still renew it until"),
        ("by passing", "Pass the exam again"),
    ],
)
async def test_page_says_how_it_stands(app: Starlette, database: str, state: str, sentence: str) -> None:
    rules = {"endless": {"validity_months": None, "renewal_credits": None}, "by passing": {"renewal_credits": None}}
    ends_in = {"over": timedelta(days=-31), "grace": timedelta(days=-3)}.get(state, timedelta(days=25))
    held = await renewal.certificate(await renewal.program(**rules.get(state, {})), ends_in=ends_in, now=NOW)
    async with accounts.signed_in(app, await Person.get(id=held.person_id)) as client:
        page = await client.get(f"/me/certificates/{held.number}/renewal")
        assert sentence in unescape(page.text)
        assert ("Claim credits" in page.text) == (state == "grace")
        listed = (await client.get("/me/certificates")).text
        assert (f"/me/certificates/{held.number}/renewal" in listed) == (state != "endless")


async def test_the_same_by_api(app: Starlette, held: Certificate) -> None:
    holder, officer = await Person.get(id=held.person_id), await renewal.officer_of(held)
    path, day = f"/api/v1/certificates/{held.number}", (NOW - timedelta(days=3)).date().isoformat()
    async with accounts.with_token(app, holder) as client, accounts.with_token(app, officer) as staff:
        first = (await client.get(f"{path}/renewal")).json()
        assert (first["state"], first["needed"], first["missing"], first["has_enough"]) == (
            "open",
            "20.00",
            "20.00",
            False,
        )
        early = await client.post(f"{path}/renewal")
        assert (early.status_code, early.json()["code"], early.json()["missing"]) == (
            409,
            "not_enough_credits",
            "20.00",
        )
        query = {"title": "Course", "amount": "25", "earned_on": day, "file_name": "course.pdf"}
        media = {"content-type": "application/octet-stream"}
        made = await client.post(f"{path}/credits", params=query, content=PDF, headers=media)
        assert (made.status_code, made.json()["state"], made.json()["evidence_name"]) == (201, "claimed", "course.pdf")
        one = made.json()["id"]
        again = await client.post(f"{path}/credits", params=query, content=PDF, headers=media)
        assert (again.status_code, again.json()["code"]) == (409, "already_claimed")
        labelled = await client.post(f"{path}/credits", params=query, json={})
        assert labelled.status_code == 415
        assert (await staff.get(f"/api/v1/credits/{one}/evidence")).content == PDF

        listed = (await staff.get(f"/api/v1/certifications/{await slug_of(held)}/credits")).json()["items"]
        assert [(row["id"], row["holder"]) for row in listed] == [(one, holder.display_name)]
        own = await client.post(f"/api/v1/credits/{one}/decision", json={"is_approved": True})
        assert own.status_code == 404
        decided = await staff.post(
            f"/api/v1/credits/{one}/decision", json={"is_approved": True, "amount": "20", "reason": "Breaks out."}
        )
        assert (decided.status_code, decided.json()["amount"], decided.json()["claimed_amount"]) == (201, "20", "25.00")
        late = await client.delete(f"/api/v1/credits/{one}")
        assert (late.status_code, late.json()["code"]) == (409, "already_decided")

        renewed = await client.post(f"{path}/renewal")
        assert (renewed.status_code, renewed.json()["renews"]) == (201, held.number)
        await run_pending()
        after = (await client.get(f"{path}/renewal")).json()
        new = await Certificate.get(person_id=holder.id, id__not=held.id)
        assert (after["state"], after["successor"]) == ("renewed", new.number)
        of_new = (await client.get(f"/api/v1/certificates/{new.number}/renewal")).json()
        assert (of_new["state"], of_new["predecessor"]) == ("open", held.number)
        ledger = (await client.get(f"{path}/credits")).json()["items"]
        assert [(row["amount"], row["is_spent"]) for row in ledger] == [("20.00", True)]
        spent = await staff.delete(f"/api/v1/credits/{one}/decision")
        assert (spent.status_code, spent.json()["code"]) == (409, "not_decided")


async def test_api_takes_files_larger_than_a_body_and_none_larger_than_evidence(
    app: Starlette, held: Certificate
) -> None:
    holder, day = await Person.get(id=held.person_id), (NOW - timedelta(days=3)).date().isoformat()
    query, media = {"title": "Course", "amount": "2", "earned_on": day}, {"content-type": "application/pdf"}
    path = f"/api/v1/certificates/{held.number}/credits"
    async with accounts.with_token(app, holder) as client:
        large = b"%PDF-1.7\n" + b"0" * 3_000_000 + b"\n%%EOF"
        assert (await client.post(path, params=query, content=large, headers=media)).status_code == 201
        larger = b"%PDF-1.7\n" + b"0" * 6_000_000 + b"\n%%EOF"
        refused = await client.post(path, params=query, content=larger, headers=media)
        assert (refused.status_code, [one["field"] for one in refused.json()["errors"]]) == (422, ["file"])


async def test_queue_is_paged_and_costs_the_same_for_one_and_three(app: Starlette, database: str) -> None:
    program = await renewal.program()
    officer = await accounts.member(await program.organization, Role.certification_officer)
    path = f"/organize/certifications/{program.slug}/credits"
    counted = []
    async with accounts.signed_in(app, officer) as client:
        for more in (1, 2):
            for _ in range(more):
                await renewal.claim(await renewal.certificate(program, now=NOW), now=NOW)
            with count_queries() as sent:
                assert (await client.get(path)).status_code == 200
            counted.append(len(sent))
    assert counted[0] == counted[1]
    async with accounts.with_token(app, officer) as client:
        api = f"/api/v1/certifications/{program.slug}/credits"
        first = (await client.get(api, params={"limit": 2})).json()
        second = (await client.get(api, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    rows = [row["id"] for row in first["items"] + second["items"]]
    assert rows == [str(row.id) for row in await Credit.all().order_by("created_at")]
    assert second["next_cursor"] is None


async def test_earned_credits_need_no_decision(app: Starlette, held: Certificate) -> None:
    one = await renewal.earned(held, Decimal("3.5"), now=NOW)
    officer = await renewal.officer_of(held)
    async with accounts.signed_in(app, officer) as client:
        page = (await client.get(f"/organize/certifications/{await slug_of(held)}/credits?state=approved")).text
        assert "Seen by the platform" in page
        assert "Take back" not in page
    with pytest.raises(credits.NotDecided):
        await credits.reopen(one, by=officer, now=NOW)
