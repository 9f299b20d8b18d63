import json
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.requests import Request

from api import multipart, parse
from core.errors import InvalidInput


class Venue(BaseModel):
    model_config = ConfigDict(extra="forbid")

    city: Annotated[str, Field(max_length=20)]


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(max_length=20)]
    venue: Venue | None = None
    languages: list[str] = []
    places: Annotated[int, Field(ge=1)] = 1


def request(body: bytes = b"", media: str = "application/json", query: bytes = b"") -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = Headers({"content-type": media} if media else {}).raw
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": query, "headers": headers}
    return Request(scope, receive)


async def test_a_json_body_becomes_the_schema() -> None:
    thing = await parse.body(request('{"title": "Zürich", "venue": {"city": "Bern"}}'.encode()), Thing)
    assert thing == Thing(title="Zürich", venue=Venue(city="Bern"))


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"{}", {"title": "This field is required."}),
        (b"", {"title": "This field is required."}),
        (b'{"title": "a", "venue": {}}', {"venue.city": "This field is required."}),
        (b'{"title": "a", "places": 0}', {"places": "Choose 1 or more."}),
        (b'{"title": "a", "more": 1}', {"more": "There is no such field."}),
    ],
)
async def test_an_invalid_body_names_its_fields(body: bytes, fields: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await parse.body(request(body), Thing)
    assert refusal.value.fields == fields


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"title": "a\\u0000b"}', "title"),
        (b'{"title": "\\ud800"}', "title"),
        (b'{"title": "a", "venue": {"city": "\\udfff"}}', "venue.city"),
        (b'{"title": "a", "languages": ["en", "\\uDC00"]}', "languages.1"),
    ],
)
async def test_nul_and_lone_surrogates_name_their_field(body: bytes, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await parse.body(request(body), Thing)
    assert list(refusal.value.fields) == [field]


async def test_a_pair_of_surrogates_is_a_character() -> None:
    assert (await parse.body(request(b'{"title": "\\ud83d\\ude00"}'), Thing)).title == "😀"


async def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(parse.NotUtf8):
        await parse.body(request(b'{"title": "\xff"}'), Thing)


@pytest.mark.parametrize("body", [b"[1]", b'"text"', b"{", b'{"places": NaN}', b"[" * 100_000, b"1" * 5000])
async def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(parse.BadJson):
        await parse.body(request(body), Thing)


async def test_another_media_type_is_refused() -> None:
    with pytest.raises(parse.UnsupportedMedia):
        await parse.body(request(b"<a/>", "text/xml"), Thing)


async def test_a_form_nests_by_dots_and_collects_lists_and_leaves_empty_fields_out() -> None:
    body = b"title=A+talk&venue.city=Bern&languages=en&languages=fr&places="
    thing = await parse.form(request(body, "application/x-www-form-urlencoded"), Thing)
    assert thing == Thing(title="A talk", venue=Venue(city="Bern"), languages=["en", "fr"])


@pytest.mark.parametrize("body", [b"title=%00", b"title=a%00b"])
async def test_a_form_with_nul_names_the_field(body: bytes) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await parse.form(request(body, "application/x-www-form-urlencoded"), Thing)
    assert list(refusal.value.fields) == ["title"]


async def test_a_form_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(parse.NotUtf8):
        await parse.form(request(b"title=%ff", "application/x-www-form-urlencoded"), Thing)


def test_a_query_becomes_the_schema() -> None:
    assert parse.query(request(query=b"title=a&languages=en&languages=ar"), Thing).languages == ["en", "ar"]


def test_a_page_ignores_what_others_add_to_its_address_and_the_api_refuses_it() -> None:
    asked = request(query=b"title=a&utm_source=list&fbclid=x&venue.city=Bern&utm.medium=mail")
    with pytest.raises(InvalidInput) as refused:
        parse.query(asked, Thing)
    assert set(refused.value.fields) == {"utm_source", "fbclid", "utm"}
    asked.scope["confero.page"] = object()
    assert parse.query(asked, Thing) == Thing(title="a", venue=Venue(city="Bern"))


def test_a_query_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(parse.NotUtf8):
        parse.query(request(query=b"title=%fe"), Thing)


def test_a_query_with_nul_is_refused() -> None:
    with pytest.raises(InvalidInput):
        parse.query(request(query=b"title=%00"), Thing)


def test_a_field_cannot_be_text_and_group_at_once() -> None:
    with pytest.raises(InvalidInput, match="given twice"):
        parse.nested([("venue", "x"), ("venue.city", "Bern")], Thing)


def form_of(head: bytes, value: bytes = b"here", *, charset: str = "") -> Request:
    body = b"--x\r\ncontent-disposition: form-data; " + head + b"\r\n\r\n" + value + b"\r\n--x--\r\n"
    return request(body, f"multipart/form-data; boundary=x{charset}")


@pytest.mark.parametrize("charset", ["punycode", "idna", "undefined", "utf-7", "unicode_escape"])
async def test_a_form_does_not_choose_its_codec(charset: str) -> None:
    """Punycode takes minutes for a megabyte, and others raise what nobody expects."""
    data = await parse.read_form(form_of(b'name="title"', b"caf\xc3\xa9-\\u0041+AEE-", charset=f"; charset={charset}"))
    assert data["title"] == "café-\\u0041+AEE-"


@pytest.mark.parametrize(
    "head",
    [
        b'name="' + b";" * 3000,  # each is searched to the end of the head, thousands of times in one form
        b"",
        b'filename="a.pdf"',
    ],
    ids=["semicolons", "nothing", "nameless"],
)
async def test_a_part_that_names_no_field_is_refused(head: bytes) -> None:
    with pytest.raises(multipart.BadForm):
        await parse.read_form(form_of(head))


@pytest.mark.parametrize("boundary", ["", "x" * 71, 'x"y', "x" * 60_000, '"' + ";" * 60_000])
async def test_a_boundary_that_is_none_is_refused(boundary: str) -> None:
    with pytest.raises(multipart.BadForm):
        await parse.read_form(request(b"--x--", f"multipart/form-data; boundary={boundary}"))


async def test_a_file_may_hold_semicolons_in_its_name() -> None:
    sent = form_of(b'name="file"; filename="a; b; c.pdf"', b"%PDF")
    assert await parse.upload(sent, "file") == ("a; b; c.pdf", b"%PDF")
    await sent.close()


async def test_thousands_of_complaints_are_not_told_one_by_one() -> None:
    many = json.dumps({f"field {number}": 1 for number in range(5000)} | {"title": "a"}).encode()
    with pytest.raises(InvalidInput) as refusal:
        await parse.body(request(many), Thing)
    assert refusal.value.fields == {"body": "5000 fields are wrong, too many to name."}
