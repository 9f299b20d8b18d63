"""Addresses made from titles of any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.slugs import slugify


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Ærø ßtraße Łódź", "aero-strasse-lodz"),
        ("Großer Saal", "grosser-saal"),
        ("L’été — à Zürich", "lete-a-zurich"),
        ("Конференция 2027", "konferentsiya-2027"),
        ("Hội nghị quốc tế", "hoi-nghi-quoc-te"),
        ("ﬁne №5", "fine-no5"),
        ("１２３", "123"),
        ("— · —", ""),
    ],
)
def test_letters_are_spelled_as_they_sound(title: str, slug: str) -> None:
    assert slugify(title) == slug


@given(st.text(max_size=300))
def test_a_slug_is_short_plain_words(title: str) -> None:
    slug = slugify(title)
    assert len(slug) <= 60
    assert all(word.isascii() and word.isalnum() and word == word.lower() for word in slug.split("-") if slug)
