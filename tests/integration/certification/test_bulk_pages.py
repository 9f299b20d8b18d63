"""Runs through the pages and the API: who may, what is shown, what is refused."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from starlette.applications import Starlette

from accounts.models import Person, Role
from api.app import create_app
from api.worker import import_jobs
from certification.bulk import working
from certification.bulk.models import BulkRun, RunState
from certification.certificates.models import Certificate, CertificateStatus
from certification.programs.models import Certification
from core.job_runner import run_pending
from core.settings import Settings
from tests.factories import accounts, certification

import_jobs()
NOW = datetime.now(UTC)


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


async def a_certification(role: Role = Role.certification_officer) -> tuple[Certification, Person]:
    organization = await accounts.organization()
    return await certification.certification(organization, items={}), await accounts.member(organization, role)


async def test_an_officer_goes_from_the_file_over_the_dry_run_to_the_certificates(app: Starlette) -> None:
    exam, officer = await a_certification()
    ada, zoe = await accounts.person(name="Ada King"), await accounts.person(name="Zoë")
    base = f"/organize/certifications/{exam.slug}/runs"
    text = f"email,team\n{ada.email},a\n{zoe.email},b\nnobody@example.org,c\n"
    async with accounts.signed_in(app, officer) as client:
        empty = await client.get(base)
        assert "Nothing yet" in empty.text
        assert (await client.get(f"{base}/new/issue")).status_code == 200
        planned = await client.post(
            f"{base}/new/issue", data={"kind": "issue"}, files={"file": ("spring.csv", text.encode())}
        )
        assert planned.status_code == 303, planned.text
        address = planned.headers["location"]
        draft = await client.get(address)
        assert "Issue 2 certificates" in draft.text
        assert "Nobody has an account with this address" in draft.text
        assert "not read: team" in draft.text
        assert await Certificate.all().count() == 0

        assert (await client.post(f"{address}/start")).status_code == 303
        part = await client.get(f"{address}/progress")
        assert ('hx-trigger="every 1s"' in part.text, "0 of 2" in part.text) == (True, True)
        assert "hx-refresh" not in part.headers
        await run_pending()
        ended = await client.get(f"{address}/progress")
        assert (ended.headers["hx-refresh"], "hx-trigger" in ended.text) == ("true", False)
        refused = await client.get(f"{address}?state=refused")
        assert ("nobody@example.org" in refused.text, "Ada King" in refused.text) == (True, False)
        report = await client.get(f"{address}/report.csv")
        assert report.headers["content-type"] == "text/csv; charset=utf-8"
        assert report.text.count("\r\n") == 4
        listed = await client.get(base)
        assert ("2 of 2" in listed.text, "spring.csv" in listed.text) == (True, True)
        again = await client.post(f"{address}/start")
        assert again.headers["location"] == address
        assert (await client.post(f"{address}/sideways")).status_code == 404
    assert await Certificate.all().count() == 2


async def test_revoking_by_the_filter_needs_a_reason_and_keeps_what_was_typed(app: Starlette) -> None:
    exam, officer = await a_certification()
    ada = await accounts.person()
    base = f"/organize/certifications/{exam.slug}/runs"
    async with accounts.signed_in(app, officer) as client:
        issue = await client.post(f"{base}/new/issue", data={"kind": "issue", "text": str(ada.email)})
        await client.post(f"{issue.headers['location']}/start")
        await run_pending()
        page = await client.post(f"{base}/new/revoke", data={"kind": "revoke", "source": "filter", "q": "Amina"})
        assert page.status_code == 422
        assert "Say why these certificates are revoked" in page.text
        assert 'value="Amina"' in page.text
        data = {"kind": "revoke", "source": "filter", "reason": "Leaked items"}
        planned = await client.post(f"{base}/new/revoke", data=data)
        draft = await client.get(planned.headers["location"])
        assert "Revoke one certificate" in draft.text
        await client.post(f"{planned.headers['location']}/start")
        await run_pending()
        nothing = await client.post(f"{base}/new/issue", data={"kind": "issue"})
        assert (nothing.status_code, "Choose a file, or paste its lines below." in nothing.text) == (422, True)
    assert (await Certificate.get()).status is CertificateStatus.revoked


async def test_the_api_plans_starts_stops_and_tells_how_far_it_is(app: Starlette) -> None:
    exam, officer = await a_certification()
    holders = [await accounts.person() for _ in range(5)]
    path = f"/api/v1/certifications/{exam.slug}/bulk-runs"
    text = "email\n" + "\n".join(str(one.email) for one in holders) + "\nx\n"
    async with accounts.with_token(app, officer) as client:
        headers = {"content-type": "text/csv"}
        made = await client.post(f"{path}/import?kind=issue&source_name=a.csv", content=text.encode(), headers=headers)
        run = made.json()
        assert (made.status_code, made.headers["location"]) == (201, f"/api/v1/bulk-runs/{run['id']}")
        assert (run["state"], run["ready"], run["refused"], run["lines"]) == ("draft", 5, 1, 6)
        address = f"/api/v1/bulk-runs/{run['id']}"
        page = (await client.get(f"{address}/lines?state=refused")).json()["items"]
        assert [(one["line"], one["given"], one["state"]) for one in page] == [(7, {"email": "x"}, "refused")]
        early = await client.post(f"{address}/stop")
        assert (early.status_code, early.json()["code"]) == (409, "run_not_in_this_state")
        assert (await client.post(f"{address}/start")).json()["state"] == "running"
        await working.work(UUID(run["id"]), 1)
        stopped = (await client.post(f"{address}/stop")).json()
        assert (stopped["state"], stopped["done"], stopped["ready"]) == ("stopped", 2, 3)
        assert (await client.delete(address)).status_code == 409
        await client.post(f"{address}/start")
        await run_pending()
        shown = (await client.get(address)).json()
        assert (shown["state"], shown["done"], shown["seconds_left"]) == ("finished", 5, None)
        retried = await client.post(f"{address}/retry")
        assert (retried.status_code, retried.json()["code"]) == (409, "nothing_to_do")
        report = await client.get(f"{address}/report.csv")
        assert report.text.count(",done,") == 5
        found = await client.post(path, json={"kind": "resend", "issued_from": NOW.date().isoformat()})
        assert (found.status_code, found.json()["ready"]) == (201, 5)
        assert (await client.delete(f"/api/v1/bulk-runs/{found.json()['id']}")).status_code == 204
        refused = [
            await client.post(path, json={"kind": "issue"}),
            await client.post(path, json={"kind": "revoke"}),
            await client.post(f"{path}/import?kind=issue", content=b"\xff", headers=headers),
            await client.post(f"{path}/import?kind=issue", json={"a": 1}),
            await client.post(f"{path}/import", content=b"email", headers=headers),
        ]
        assert [one.status_code for one in refused] == [422, 422, 422, 415, 422]
        assert [one["id"] for one in (await client.get(path)).json()["items"]] == [run["id"]]


async def test_only_officers_of_the_certification_see_and_start_runs(app: Starlette) -> None:
    exam, officer = await a_certification()
    author = await accounts.member(await exam.organization, Role.exam_author)
    other, foreign = await a_certification()
    ada = await accounts.person()
    path = f"/api/v1/certifications/{exam.slug}/bulk-runs"
    headers = {"content-type": "text/csv"}
    async with accounts.with_token(app, officer) as client:
        run = (await client.post(f"{path}/import?kind=issue", content=str(ada.email).encode(), headers=headers)).json()
    for someone, expected in ((author, 403), (foreign, 404), (ada, 404)):
        async with accounts.with_token(app, someone) as client:
            answers = [
                await client.get(path),
                await client.post(f"{path}/import?kind=issue", content=b"a@example.org", headers=headers),
                await client.get(f"/api/v1/bulk-runs/{run['id']}"),
                await client.get(f"/api/v1/bulk-runs/{run['id']}/report.csv"),
                await client.post(f"/api/v1/bulk-runs/{run['id']}/start"),
                await client.delete(f"/api/v1/bulk-runs/{run['id']}"),
            ]
        assert [answer.status_code for answer in answers] == [expected] * 6
    async with accounts.signed_in(app, foreign) as client:
        assert (await client.get(f"/organize/certifications/{other.slug}/runs/{run['id']}")).status_code == 404
    assert (await BulkRun.get(id=run["id"])).state is RunState.draft


async def test_a_list_of_runs_costs_the_same_statements_for_one_and_for_three(app: Starlette) -> None:
    from tests.queries import count_queries

    exam, officer = await a_certification()
    ada = await accounts.person()
    base = f"/organize/certifications/{exam.slug}/runs"
    counts = []
    async with accounts.signed_in(app, officer) as client:
        for made in (1, 2):
            for _ in range(made):
                await client.post(f"{base}/new/issue", data={"kind": "issue", "text": str(ada.email)})
            with count_queries() as sent:
                assert (await client.get(base)).status_code == 200
            counts.append(len(sent))
    assert counts[0] == counts[1]
