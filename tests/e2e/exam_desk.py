"""Answering an exam in the browser as the learner does, by the kind of each question."""

import re

from playwright.async_api import Locator, Page, expect

ESSAY = "An inode holds everything about a file but its name."
_RIGHT: dict[str, str | list[str] | dict[str, str]] = {
    "single_choice": ["ls"],
    "multiple_choice": ["bash", "zsh"],
    "true_false": ["True"],
    "numeric": "8",
    "short_answer": "keyword-root",
    "matching": {"grep": "searches", "sort": "orders", "wc": "counts"},
    "essay": ESSAY,
}
"""What `tests.factories.certification.content` takes for right."""


async def kinds(page: Page) -> list[str]:
    """The kinds of the questions in the order of this form."""
    fieldsets = page.locator("fieldset[data-position]")
    return [str(await one.get_attribute("data-type")) for one in await fieldsets.all()]


async def answer(question: Locator, kind: str) -> None:
    """Give the right answer to the question, which is on the screen."""
    right = _RIGHT[kind]
    if isinstance(right, dict):
        for left, wanted in right.items():
            await question.get_by_label(left, exact=True).select_option(label=wanted)
    elif isinstance(right, list):
        for text in right:
            await question.get_by_label(text, exact=True).check()
    else:
        await question.get_by_label("Your answer").fill(right)


async def expect_answered(question: Locator, kind: str) -> None:
    """The question shows the right answer, whether it is on the screen or not."""
    right = _RIGHT[kind]
    if isinstance(right, dict):
        for left, wanted in right.items():
            chosen = question.get_by_label(left, exact=True).locator("option:checked")
            await expect(chosen).to_have_text(wanted)
    elif isinstance(right, list):
        for text in right:
            await expect(question.get_by_label(text, exact=True)).to_be_checked()
    else:
        await expect(question.get_by_label("Your answer")).to_have_value(right)


def question_at(page: Page, position: int) -> Locator:
    """The question in this place of the form, counted from 1."""
    return page.locator(f"form#q{position}")


async def go_to(page: Page, position: int) -> Locator:
    """Turn to a question by the navigator."""
    name = re.compile(rf"^Question {position}\b")
    await page.get_by_role("navigation", name="Questions").get_by_role("button", name=name).click()
    question = question_at(page, position)
    await expect(question).to_be_visible()
    return question


async def expect_saved(page: Page) -> None:
    """The page says that the server has every answer."""
    await expect(page.locator("[data-save-status]")).to_have_attribute("data-state", "saved")
