"""What one line, or several, may hold: the same for every field of every schema."""

from typing import Annotated, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from accounts.schemas import Name
from core.text import OneLine, SeveralLines, is_visible, one_line
from events.catalog.schemas import EventIn, VenueIn


class Form(BaseModel):
    line: Annotated[str, OneLine(20)] = "x"
    lines: Annotated[str, SeveralLines(40, 0)] = ""
    optional: Annotated[str | None, OneLine(5)] = None


def refused(**typed: object) -> str:
    with pytest.raises(ValidationError) as error:
        Form.model_validate(typed)
    (only,) = error.value.errors()
    return only["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("A\nB", "A B"),
        ("  Tips\t&\r\n tricks ", "Tips & tricks"),
        ("A\u2028B\x0bC", "A B C"),
        ("\ufeff\u200bHello\u200e\u00ad", "Hello"),
        ("\u2068Amina\u2069", "Amina"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("क्\u200dष", "क्\u200dष"),
        ("\ufa19", "\ufa19"),  # 神 as one family writes it; Unicode's normal form would make it another character
        ("e\u0301", "e\u0301"),
        ("\u0600١٢٣", "\u0600١٢٣"),
    ],
)
def test_a_line_keeps_what_is_meant_and_drops_what_copying_brought(typed: str, kept: str) -> None:
    assert Form(line=typed).line == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("C\x07D", "Remove these characters, which cannot be read: U+0007."),
        ("abc\u202egpj.exe", "Remove these characters, which cannot be read: U+202E."),
        ("a\u202db\ue000", "Remove these characters, which cannot be read: U+202D, U+E000."),
        ("a\U000f0000", "Remove these characters, which cannot be read: U+F0000."),
        ("\u3164", "Write something that can be seen."),
        ("\u0301", "Write something that can be seen."),
        ("\u200d\u200c", "Write something that can be seen."),
        ("\u200b\u200b", "String should have at least 1 character"),
    ],
)
def test_a_line_refuses_what_nobody_could_read(typed: str, said: str) -> None:
    assert refused(line=typed) == said


def test_lengths_are_those_of_the_text_that_stays() -> None:
    assert Form(line="\u200b" * 100 + "x" * 20).line == "x" * 20
    assert refused(line="x" * 21) == "String should have at most 20 characters"
    assert refused(line=5) == "Input should be a valid string"
    assert Form(optional=None).optional is None


def test_several_lines_keep_their_shape() -> None:
    assert Form(lines="# A\r\n\r\n\tb\u0085  c\n").lines == "# A\n\n\tb\n  c"
    assert refused(lines="a\n\u202eb") == "Remove these characters, which cannot be read: U+202E."
    assert Form(lines=" \n ").lines == ""


@given(st.text(max_size=30))
def test_what_was_accepted_once_is_accepted_again_unchanged(typed: str) -> None:
    try:
        once = one_line(typed)
    except ValueError:
        return
    assert one_line(once) == once
    assert len(once.splitlines()) <= 1
    if is_visible(once) and len(once) <= 20:
        assert Form(line=typed).line == once


def test_titles_names_and_places_are_lines() -> None:
    """Every text that is printed in one line goes the same way; `test_one_line_fields.py` walks all schemas."""
    for schema, field in ((EventIn, "title"), (EventIn, "summary"), (VenueIn, "name"), (VenueIn, "street")):
        assert any(isinstance(mark, OneLine) for mark in schema.model_fields[field].metadata), (schema, field)
    assert any(isinstance(mark, OneLine) for mark in get_args(Name))
