"""Every complaint about a field is ours, and tells what to do."""

from contextvars import copy_context
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.v1.routes import ENDPOINTS
from core.complaints import sentence
from core.i18n import use_locale


class Colour(StrEnum):
    red = "red"
    blue = "blue"


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Form, {}, "This field is required."),
        (Form, {"name": "a", "more": 1}, "There is no such field."),
        (Form, 3, "Give named fields here."),
        (str, 3, "Write text here."),
        (Annotated[str, Field(min_length=1)], "", "This field is required."),
        (Annotated[str, Field(min_length=12)], "a", "Write at least 12 characters."),
        (Annotated[str, Field(max_length=2)], "abc", "Write at most 2 characters."),
        (Annotated[str, Field(pattern="^a$")], "b", "This is not in the form that is asked for here."),
        (Annotated[list[int], Field(min_length=2)], [1], "Give at least 2."),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "Give at most 1."),
        (list[int], "a", "Give a list here."),
        (dict[str, int], 3, "Give named fields here."),
        (Colour, "green", "Choose one of these: 'red' or 'blue'."),
        (Literal["a"], "b", "Choose one of these: 'a'."),
        (Annotated[int, Field(gt=1)], 1, "Choose a value above 1."),
        (Annotated[int, Field(ge=1)], 0, "Choose 1 or more."),
        (Annotated[int, Field(lt=1)], 1, "Choose a value below 1."),
        (Annotated[int, Field(le=1)], 2, "Choose 1 or less."),
        (Annotated[int, Field(multiple_of=5)], 2, "Choose a multiple of 5."),
        (Annotated[Decimal, Field(max_digits=2)], "123", "Write at most 2 digits."),
        (Annotated[Decimal, Field(decimal_places=1)], "1.23", "Write at most 1 digits after the point."),
        (int, "a", "Write a whole number."),
        (int, 1.5, "Write a whole number."),
        (int, "9" * 5000, "This number is too large."),
        (Decimal, "a", "Write a number."),
        (float, "a", "Write a number."),
        (Annotated[float, Field(allow_inf_nan=False)], "nan", "Write a number."),
        (bool, "maybe", "Answer with true or false."),
        (date, "31.03.2027", "Write a date such as 2027-03-31."),
        (date, datetime(2027, 3, 31, 1, tzinfo=UTC), "Write a date such as 2027-03-31."),
        (datetime, "noon", "Write a date and time such as 2027-03-31T09:00."),
        (AwareDatetime, "2027-03-31T09:00", "Give the time with its offset, such as 2027-03-01T09:00:00Z."),
        (UUID, "a", "Give the identifier as it was shown."),
        (frozenset[bytes], [object()], "This value cannot be used here."),
    ],
)
def test_each_kind_of_complaint_has_its_sentence(kind: Any, value: object, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    assert [sentence(error) for error in refused.value.errors()] == [said]


def test_complaints_follow_the_reader() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Form).validate_python({})

    def in_french() -> str:
        use_locale("fr")
        return sentence(refused.value.errors()[0])

    assert copy_context().run(in_french) == "Ce champ est obligatoire."


def test_no_operation_answers_an_unfit_document_in_the_words_of_the_library() -> None:
    """Wrong values of every kind, for every field of every body: the sentences are those of the table above."""
    unfit: list[object] = [None, 3, -1, 1.5, "", "x" * 30_000, [], {}, [None], {"a": 1}, True]
    kinds = set()
    for body in {endpoint.body for endpoint in ENDPOINTS if endpoint.body is not None}:
        for name in body.model_fields:
            for value in unfit:
                try:
                    body.model_validate({name: value})
                except ValidationError as refused:
                    kinds |= {e["type"] for e in refused.errors() if "cannot be used here" in sentence(e)}
    assert kinds == set()
