"""Files as officers bring them."""

import pytest

from certification.bulk import csv_file
from core.errors import InvalidInput

PEOPLE = {"key": "email", "optional": frozenset({"name", "achieved_on", "score"})}


def rows_of(raw: bytes) -> list[tuple[int, dict[str, str]]]:
    return [(row.line, row.values) for row in csv_file.read(raw, **PEOPLE).rows]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "raw",
    [
        b"email,name\nada@example.org,Ada Lovelace\n",
        b"\xef\xbb\xbfE-Mail;Certificate name\r\nada@example.org;Ada Lovelace\r\n",
        "Name\tMail\r\nAda Lovelace\tada@example.org".encode("utf-16"),
        b"sep=;\nname;email address\nAda Lovelace; ada@example.org \n",
        b'"email","name"\n\n\n"ada@example.org","Ada Lovelace"\n , \n',
    ],
)
def test_any_separator_encoding_and_order_of_columns_is_read(raw: bytes) -> None:
    assert [values for _, values in rows_of(raw)] == [{"email": "ada@example.org", "name": "Ada Lovelace"}]


def test_lines_are_numbered_as_an_editor_does_and_empty_cells_left_out() -> None:
    raw = 'email,name,score\nada@example.org,"Ada\nLovelace",\n\nzoe@example.org,Zoë,81.5\n'.encode()
    assert rows_of(raw) == [
        (3, {"email": "ada@example.org", "name": "Ada\nLovelace"}),
        (5, {"email": "zoe@example.org", "name": "Zoë", "score": "81.5"}),
    ]


def test_a_single_column_needs_no_heading() -> None:
    assert rows_of(b"ada@example.org\nzoe@example.org\n") == [
        (1, {"email": "ada@example.org"}),
        (2, {"email": "zoe@example.org"}),
    ]


def test_columns_that_mean_nothing_are_named() -> None:
    file = csv_file.read(b"email,Shoe size,name\nada@example.org,38,Ada", **PEOPLE)  # type: ignore[arg-type]
    assert file.ignored == ["Shoe size"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b" \n ; \n", "empty"),
        (b"name,score\nAda,3\n", "one of them must be “email”"),
        (b"email\n\xff\xfe\xfa", "UTF-8"),
        (b"email\na\x00b", "no text"),
        (b'email,name\n"ada@example.org"x,Ada\n', "Line 2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(raw: bytes, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rows_of(raw)
    assert said in refused.value.fields["file"]


def test_too_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "MOST_LINES", 3)
    assert len(rows_of(b"email\na\nb\nc\n")) == 3
    with pytest.raises(InvalidInput):
        rows_of(b"email\na\nb\nc\nd\ne\n")
