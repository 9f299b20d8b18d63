"""Every page of the table, looked at by axe as the person it is for. A page that is not named here fails the test."""

import asyncio
from collections.abc import Iterable

import pytest
from playwright.async_api import Browser

from accounts.models import Person
from api.pages.routes import PAGES
from tests.e2e.live import LiveServer
from tests.e2e.visitor import check_page, visiting
from tests.e2e.world import World, world_on

ANYONE = """
/
/events
/events?q=no+such+words
/events/{slug}
/certifications
/certifications/{slug}
/verify
/verify/{number}
/verify/0000-0000-0000
/verify/several
/directory
/directory?q=nobody+of+this+name
/sign-in
/sign-in?next=/me
/sign-up
/confirm/{token}
/keep-address/{token}
/reset
/reset/{token}
/no/such/page
/api/docs
"""
DEVELOPER = """
/dev/outbox
/dev/outbox/{id:uuid}
"""
NEWCOMER = """
/me
/me/registrations
/me/exams
/me/certificates
/events/{slug}/register
/certifications/{slug}/start
/organize
"""
LEARNER = """
/me
/events/{slug}
/events/{slug}/register
/me/registrations
/me/registrations/{id:uuid}
/certifications/{slug}/start
/me/exams
/me/exams/{id:uuid}
/me/exams/{submitted}
/me/exams/{passed}
/me/exams/{failed}
/me/exams/{id:uuid}/submit
/me/certificates
/me/certificates/{number}
/me/certificates/{number}/renewal
/me/profile
/me/sessions
/me/sign-ins
/me/tokens
/me/erase
"""
ORGANIZER = """
/organize
/organize/{slug}
/organize/{slug}/members
/organize/{slug}/settings
/organize/{slug}/chapters/new
/organize/{slug}/keys
/organize/{slug}/keys/{id:uuid}/stolen
/organize/{slug}/audit
/organize/{slug}/refusals
/organize/{slug}/jobs
/organize/{slug}/events/new
/organize/events/{slug}
/organize/events/{slug}/edit
/organize/events/{slug}/cancel
/organize/events/{slug}/rooms
/organize/events/{slug}/rooms/{id:uuid}
/organize/events/{slug}/programme
/organize/events/{slug}/programme/sessions/new
/organize/events/{slug}/programme/sessions/{id:uuid}
/organize/events/{slug}/speakers
/organize/events/{slug}/speakers/{id:uuid}
/organize/events/{slug}/registrations
/organize/events/{slug}/tickets
/organize/events/{slug}/tickets/types/{id:uuid}
/organize/events/{slug}/tickets/quotas/{id:uuid}
/organize/events/{slug}/check-in
/organize/events/{slug}/check-in/lists
/organize/events/{slug}/attendance
/organize/events/{slug}/attendance/settings
"""
CERTIFIER = """
/organize/{slug}/layouts
/organize/{slug}/layouts?archived=true
/organize/{slug}/layouts/new
/organize/{slug}/layouts/pictures
/organize/{slug}/layouts/{id:uuid}
/organize/{slug}/layouts/{id:uuid}/versions/{version:int}
/organize/{slug}/certifications/new
/organize/certifications/{slug}
/organize/certifications/{slug}/edit
/organize/certifications/{slug}/domains
/organize/certifications/{slug}/entitlements
/organize/certifications/{slug}/candidates
/organize/certifications/{slug}/candidates/{id:uuid}
/organize/certifications/{slug}/grading
/organize/certifications/{slug}/grading/{id:uuid}
/organize/certifications/{slug}/items
/organize/certifications/{slug}/items/new
/organize/certifications/{slug}/items/import
/organize/certifications/{slug}/items/{id:uuid}
/organize/certifications/{slug}/items/{id:uuid}/versions/{version:int}
/organize/certifications/{slug}/certificates
/organize/certifications/{slug}/credits
/organize/certifications/{slug}/runs
/organize/certifications/{slug}/runs/new/{kind}
/organize/certifications/{slug}/runs/new/revoke
/organize/certifications/{slug}/runs/{id:uuid}
/organize/certifications/{slug}/runs/{ended_run}
/organize/certificates/{number}
"""
NOT_PAGES = {
    "/events/{slug}/calendar.ics": "text/calendar",
    "/calendars/{token}.ics": "text/calendar",
    "/organizations/{slug}/accent.css": "text/css",
    "/organizations/{slug}/did.json": "application/did+ld+json",
    "/achievements/{id:uuid}": "application/ld+json",
    "/achievements/{id:uuid}/image.png": "image/png",
    "/achievements/{id:uuid}/image.svg": "image/svg+xml",
    "/status-lists/{id:uuid}/{purpose}": "application/vc",
    "/certificates/{number}/badge.{form}": "image/png",
    "/me/data": "application/json",
    "/me/certificates/{number}.pdf": "application/pdf",
    "/me/registrations/{id:uuid}/ticket.pdf": "application/pdf",
    "/me/registrations/{id:uuid}/event.ics": "text/calendar",
    "/me/exams/{id:uuid}/certificate": "text/html",
    "/me/transcript.pdf": "application/pdf",
    "/me/wallet.zip": "application/zip",
    "/me/credits/{id:uuid}/evidence": "application/pdf",
    "/dev/outbox/{id:uuid}/html": "text/html",
}
STAFF_FILES = {
    "/organize/{slug}/layouts/pictures/{id:uuid}": "image/png",
    "/organize/{slug}/layouts/{id:uuid}/versions/{version:int}/picture.png": "image/png",
    "/organize/{slug}/layouts/{id:uuid}/versions/{version:int}/sample.pdf": "application/pdf",
    "/organize/events/{slug}/registrations.csv": "text/csv",
    "/organize/certifications/{slug}/items/export": "text/plain",
    "/organize/certifications/{slug}/runs/{id:uuid}/progress": "text/html",
    "/organize/certifications/{slug}/runs/{id:uuid}/report.csv": "text/csv",
    "/organize/events/{slug}/attendance/progress": "text/html",
    "/organize/events/{slug}/attendance/report.csv": "text/csv",
    "/organize/certifications/{slug}/credits/{id:uuid}/evidence": "application/pdf",
}
TESTED_ELSEWHERE = {
    "/dev/outbox/{id:uuid}/attachments/{index:int}": "test_mail.py",
}


@pytest.fixture(scope="session")
def world(server: LiveServer) -> World:
    """One world for all of these tests, which change nothing in it."""
    return asyncio.run(world_on(server))


def test_no_page_is_forgotten() -> None:
    named = {*ANYONE.split(), *DEVELOPER.split(), *NEWCOMER.split(), *LEARNER.split(), *ORGANIZER.split()}
    named |= {*CERTIFIER.split(), *NOT_PAGES, *STAFF_FILES, *TESTED_ELSEWHERE}
    assert {page.path for page in PAGES if page.method == "GET"} - named == set()


@pytest.mark.parametrize("table", ["ANYONE", "DEVELOPER"])
async def test_pages_for_anyone_are_accessible(table: str, world: World, live: LiveServer, browser: Browser) -> None:
    await _look_at(globals()[table].split(), world, None, live, browser)


async def test_pages_for_a_newcomer_are_accessible(world: World, live: LiveServer, browser: Browser) -> None:
    await _look_at(NEWCOMER.split(), world, await Person.get(email=world.known["newcomer"]), live, browser)


async def test_pages_for_a_learner_are_accessible(world: World, live: LiveServer, browser: Browser) -> None:
    await _look_at(LEARNER.split(), world, world.learner, live, browser)
    await _fetch(NOT_PAGES, world, world.learner, live, browser)


@pytest.mark.parametrize("table", ["ORGANIZER", "CERTIFIER"])
async def test_pages_for_staff_are_accessible(table: str, world: World, live: LiveServer, browser: Browser) -> None:
    await _look_at(globals()[table].split(), world, world.owner, live, browser)
    await _fetch(STAFF_FILES, world, world.owner, live, browser)


async def _look_at(
    templates: Iterable[str], world: World, someone: Person | None, live: LiveServer, browser: Browser
) -> None:
    """All pages in one tab; every one is looked at before the test fails with the violations of all."""
    problems = []
    async with visiting(browser, live.url, someone) as visitor:
        page = await visitor.context.new_page()
        for template in templates:
            answer = await page.goto(live.url + world.path(template))
            assert answer is not None
            is_there = answer.status == 200 or template.startswith(("/no/", "/verify/0000"))
            if not is_there:
                problems.append(f"{answer.status} {template} {page.url}")
                continue
            try:
                await check_page(page)
            except AssertionError as error:
                problems.append(f"{template}: {error}")
    assert problems == [], "\n".join(problems)


async def _fetch(
    files: dict[str, str], world: World, someone: Person | None, live: LiveServer, browser: Browser
) -> None:
    async with visiting(browser, live.url, someone) as visitor:
        for template, media in files.items():
            answer = await visitor.context.request.get(live.url + world.path(template))
            kind = answer.headers["content-type"].split(";")[0]
            assert (template, answer.status, kind) == (template, 200, media)
