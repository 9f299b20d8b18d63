"""Texts in the reader's language: commas, moments, and the direction of what candidates read."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import api.render  # noqa: F401  gives the templates their `asset`
from core.i18n import listed, use_locale
from core.templating import environment, format_datetime, format_span, whole_words

START = datetime(2026, 12, 3, 15, 0, tzinfo=UTC)
END = datetime(2026, 12, 3, 18, 0, tzinfo=UTC)
ITEM = {"position": 1, "type": "single_choice", "prompt": "Which?", "options": [{"id": "a", "text": "This"}]}


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_locale("en")


@pytest.mark.parametrize(
    ("locale", "joined"), [("en", "Paris, France"), ("fr", "Paris, France"), ("ar", "Paris، France")]
)
def test_lists_have_the_comma_of_the_language_and_skip_what_is_empty(locale: str, joined: str) -> None:
    use_locale(locale)
    assert listed(["", "Paris", None, "France"]) == joined
    assert listed([]) == ""


def test_moments_have_it_too() -> None:
    use_locale("ar")
    assert format_datetime(START, "UTC") == "3 ديسمبر 2026، 3:00 م UTC"
    assert format_span(START, END, "UTC") == "3 ديسمبر 2026، 3:00 م – 6:00 م UTC"


def test_a_heading_breaks_no_short_word_and_is_still_escaped() -> None:
    assert whole_words("Confirm your e-mail address") == 'Confirm your <span class="nowrap">e-mail</span> address'
    assert whole_words("Co-op <b-c> & 747Y-GVN1-KJCG") == (
        '<span class="nowrap">Co-op</span> &lt;<span class="nowrap">b-c</span>&gt; &amp; '
        '<span class="nowrap">747Y-GVN1-KJCG</span>'
    )
    for whole in ("a - b", "an-address-longer-than-a-phone-is-wide", "-x", "plain"):
        assert whole_words(whole) == whole


def test_a_question_keeps_its_own_direction_on_a_page_of_the_other() -> None:
    use_locale("ar")
    question = getattr(environment().get_template("components/exam.html").module, "question")  # noqa: B009
    english = question(ITEM, language="en")
    assert '<div lang="en" dir="ltr">Which?</div>' in english
    assert '<div class="choice" lang="en" dir="ltr">' in english
    assert 'dir="rtl"' in question(ITEM, language="ar")
    assert "dir=" not in question(ITEM)
