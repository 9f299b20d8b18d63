"""An exam without a network, and without anybody: what was typed arrives, and the server closes what nobody closes."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from playwright.async_api import Browser, Page, expect

from certification.bank.content import ItemType
from certification.exams import attempts, queries, saving
from certification.exams.models import Attempt, AttemptStatus, Response, SubmittedBy
from core.models import OutgoingMail
from tests.e2e import exam_desk
from tests.e2e.live import LiveServer
from tests.e2e.visitor import Visitor, visiting
from tests.factories import accounts, certification
from tests.patience import PATIENCE

TEXT_ONLY = {ItemType.SHORT_ANSWER: 2}


async def test_what_is_typed_without_a_network_is_saved_when_it_is_back(live: LiveServer, browser: Browser) -> None:
    learner = await accounts.person()
    exam = await certification.certification(items=TEXT_ONLY)
    async with visiting(browser, live.url, learner) as visitor:
        page = await _begin(visitor, exam.slug)
        await _type(page, 1, "before")
        await exam_desk.expect_saved(page)
        await visitor.context.set_offline(True)
        await _type(page, 1, "without a network")
        await _type(page, 2, "neither")
        await expect(page.locator("[data-save-status]")).to_have_attribute("data-state", "waiting")
        assert await _stored(page) == ["before", None]
        await visitor.context.set_offline(False)
        await exam_desk.expect_saved(page)
        assert await _stored(page) == ["without a network", "neither"]


async def test_what_is_typed_without_a_network_outlives_its_tab(live: LiveServer, browser: Browser) -> None:
    learner = await accounts.person()
    exam = await certification.certification(items=TEXT_ONLY)
    async with visiting(browser, live.url, learner) as visitor:
        page = await _begin(visitor, exam.slug)
        address = page.url
        await expect(page.get_by_role("navigation", name="Questions").get_by_role("button").first).to_be_visible()
        await visitor.context.set_offline(True)
        await _type(page, 2, "typed in the train")
        await expect(page.locator("[data-save-status]")).to_have_attribute("data-state", "waiting")
        await page.close()
        await visitor.context.set_offline(False)
        page = await visitor.open(address.removeprefix(live.url))
        await exam_desk.expect_saved(page)
        await expect(exam_desk.question_at(page, 2).get_by_label("Your answer")).to_have_value("typed in the train")
        assert await _stored(page) == [None, "typed in the train"]


async def test_server_closes_an_attempt_that_nobody_looks_at(live: LiveServer) -> None:
    """The grace is over in four seconds, and no request comes: the worker hands it in and writes the result."""
    learner = await accounts.person()
    exam = await certification.certification(items=TEXT_ONLY)
    began = datetime.now(UTC) - timedelta(minutes=90, seconds=6)
    attempt = await attempts.start(exam, by=learner, certificate_name=None, now=began, locale="en")
    (first, _) = await queries.questions_of(attempt)
    await saving.save(attempt.id, first.position, sequence=1, response="keyword-root", by=learner, now=began)

    async with asyncio.timeout(PATIENCE):
        while (await Attempt.get(id=attempt.id)).status is AttemptStatus.in_progress:  # noqa: ASYNC110  another process
            await asyncio.sleep(0.05)

    closed = await Attempt.get(id=attempt.id)
    assert (closed.status, closed.submitted_by) == (AttemptStatus.graded, SubmittedBy.deadline)
    assert closed.submitted_at == attempt.deadline
    mail = await OutgoingMail.get(template="certification/result", to_address=learner.email)
    assert "50 %" in mail.text


async def _begin(visitor: Visitor, slug: str) -> Page:
    page = await visitor.open(f"/certifications/{slug}/start")
    await page.get_by_role("button", name=re.compile("^Start exam")).click()
    await expect(page.get_by_role("timer")).to_be_visible()
    return page


async def _type(page: Page, position: int, text: str) -> None:
    question = await exam_desk.go_to(page, position)
    await question.get_by_label("Your answer").fill(text)


async def _stored(page: Page) -> list[str | None]:
    """What the database holds, by position."""
    attempt_id = UUID(page.url.split("/")[-1].split("#")[0])
    return [row.response for row in await Response.filter(attempt_id=attempt_id).order_by("position")]
