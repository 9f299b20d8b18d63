"""No input gives a 500: schemathesis over the OpenAPI document, and hostile requests to every operation.

Real HTTP to the real server, with the token of an owner to whom everything in the database belongs.
"""

import asyncio
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.openapi import openapi
from api.routing import Endpoint
from api.v1.routes import ENDPOINTS
from tests.e2e.live import LiveServer
from tests.e2e.world import World, world_on
from tests.patience import PATIENCE

schemathesis.serializer("application/octet-stream", "text/csv")(lambda context, value: str(value).encode())

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = {
    operation.label: operation
    for found in schemathesis.openapi.from_dict(openapi()).get_all_operations()
    if isinstance(operation := found.ok() if hasattr(found, "ok") else None, APIOperation)
}
openapi.cache_clear()  # It names the public address of the settings at the time; other tests have their own.

CHANGES = [endpoint for endpoint in ENDPOINTS if endpoint.method in ("POST", "PUT", "PATCH")]
WITH_BODY = [endpoint for endpoint in CHANGES if endpoint.body is not None]
WITH_QUERY = [endpoint for endpoint in ENDPOINTS if endpoint.query is not None]
WITH_TEXT_IN_PATH = [endpoint for endpoint in ENDPOINTS if "{slug}" in endpoint.path or "{number}" in endpoint.path]


@dataclass
class Target:
    """The server with an owner's token, and what exists there."""

    url: str
    client: httpx.Client
    world: World

    def send(self, endpoint: Endpoint, **options: Any) -> httpx.Response:
        """One request to `endpoint` of an object that exists."""
        path = options.pop("path", None) or self.world.path(endpoint.path)
        url = f"{self.url}/api/v1{path}{options.pop('query', '')}"
        return self.client.request(endpoint.method, url, **options)


@pytest.fixture(scope="session")
def target(server: LiveServer) -> Iterator[Target]:
    """One world for all of these tests: they only knock at it."""
    world = asyncio.run(world_on(server))
    with httpx.Client(headers={"Authorization": f"Bearer {world.token}"}, timeout=PATIENCE) as client:
        yield Target(server.url, client, world)


def names(endpoint: Endpoint) -> str:
    """What a test of this operation is called."""
    return f"{endpoint.method} {endpoint.path}"


def test_no_operation_is_left_out() -> None:
    kind = re.compile(r":\w+}")
    in_the_table = {f"{one.method} /api/v1{kind.sub('}', one.path)}" for one in ENDPOINTS}
    assert OPERATIONS.keys() == in_the_table
    assert len(in_the_table) == len(ENDPOINTS)


@pytest.mark.parametrize("label", OPERATIONS)
def test_answers_are_as_the_document_says(label: str, target: Target) -> None:
    operation = OPERATIONS[label]
    cases = [operation.as_strategy()]
    if operation.body or operation.query:
        cases.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))

    @settings(max_examples=20, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=st.one_of(cases))
    def check(case: Any) -> None:  # Any: schemathesis's Case is generic over its own internals
        if zlib.crc32(repr(case.path_parameters).encode()) % 3:  # Two of three cases are about something that exists.
            case.path_parameters = {**(case.path_parameters or {}), **target.world.parameters(case.path)}
        case.call_and_validate(base_url=target.url, checks=CHECKS, headers=dict(target.client.headers))

    check()
    # A call that ends the token would leave nothing but 401 for those that follow, and they would all be content.
    assert target.client.get(f"{target.url}/api/v1/me").status_code == 200


NOT_TEXT: dict[str, bytes] = {
    "not UTF-8": b'{"title": "\xff\xfe\xfa"}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "raw NUL": b'{"title": "a\x00b"}',
    "not JSON": b"title=x",
    "no object": b"[1, 2, 3]",
    "a string": b'"title"',
    "cut off": b'{"title": "x',
    "100,000 levels deep": b'{"a":' * 100_000,
    "NUL 900 levels deep": b'{"a":' * 900 + b'"\\u0000"' + b"}" * 900,
    "NUL 980 levels deep": b'{"a":' * 980 + b'"\\u0000"' + b"}" * 980,
    "a number of 5,000 digits": b'{"capacity": ' + b"9" * 5000 + b"}",
    "NaN": b'{"capacity": NaN}',
    "a NUL in a name": b'{"ti\\u0000tle": 1}',
    "a lone surrogate in a name": b'{"\\udfff": 1}',
    "an unknown field": b'{"no_such_field_anywhere": 1}',
}
VALUES: dict[str, str] = {
    "NUL": r'"a\u0000b"',
    "a lone surrogate": r'"a\ud800b"',
    "a huge number": "9" * 400,
    "beyond 64 bit": str(2**63),
    "infinity": "1e999",
    "an object": '{"a": {"b": []}}',
    "a list": '[null, true, "x", {}]',
    "a million letters": json.dumps("x" * 900_000),
}


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=names)
def test_hostile_bodies_are_refused_by_name(endpoint: Endpoint, target: Target) -> None:
    wrong = []
    headers = {"Content-Type": "application/json"}
    for kind, content in (NOT_TEXT | dict(_hostile_documents(endpoint.body))).items():
        answer = target.send(endpoint, content=content, headers=headers)
        if not _is_refusal(answer):
            wrong.append(f"{kind}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=names)
def test_body_of_another_type_is_refused(endpoint: Endpoint, target: Target) -> None:
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml; x=\xe9"):
        answer = target.send(endpoint, content=b'{"title": "x"}', headers={"Content-Type": media.encode("latin-1")})
        assert _is_refusal(answer), answer.text
        assert answer.json()["code"] in ("unsupported_media_type", "own_attempt", "not_holder")


@pytest.mark.parametrize("endpoint", [e for e in CHANGES if e.body is None], ids=names)
def test_body_where_none_is_read_as_json_does_no_harm(endpoint: Endpoint, target: Target) -> None:
    for content in NOT_TEXT.values():
        answer = target.send(endpoint, content=content, headers={"Content-Type": endpoint.body_media})
        assert answer.status_code < 500, answer.text


@pytest.mark.parametrize("endpoint", WITH_QUERY, ids=names)
def test_hostile_queries_are_refused_by_name(endpoint: Endpoint, target: Target) -> None:
    assert endpoint.query is not None
    for name in endpoint.query.model_fields:
        for value in ("%ff%fe", "%00", "x" * 5000):
            answer = target.send(endpoint, query=f"?{name}={value}")
            assert _is_refusal(answer), f"{name}={value[:20]}: {answer.status_code} {answer.text[:200]}"


@pytest.mark.parametrize("endpoint", WITH_TEXT_IN_PATH, ids=names)
def test_hostile_paths_are_not_found(endpoint: Endpoint, target: Target) -> None:
    broken = ("%00", "a%00b", "%ff", "%ed%a0%80")
    for value in (*broken, "x" * 3000, "%EF%A3%BF" * 100, "%F0%9F%92%A9", "..%2f..%2f", "'%20or%201=1--"):
        path = target.world.path(endpoint.path.replace("{slug}", value).replace("{number}", value))
        answer = target.send(endpoint, path=path, content=b"{}", headers={"Content-Type": "application/json"})
        if "pdf" not in answer.headers["content-type"]:
            assert answer.status_code < 500, f"{value[:20]}: {answer.status_code} {answer.text[:200]}"


@pytest.mark.parametrize("endpoint", [e for e in CHANGES if e.method == "POST"], ids=names)
def test_hostile_idempotency_keys_are_refused(endpoint: Endpoint, target: Target) -> None:
    for key in (b"", b"x" * 201, b"\xff\xfe", b"a\tb"):
        answer = target.send(endpoint, content=b"{}", headers={b"Idempotency-Key": key})
        assert answer.status_code < 500, f"{key[:20]!r}: {answer.status_code} {answer.text[:200]}"


def _hostile_documents(schema: type[BaseModel] | None) -> Iterator[tuple[str, bytes]]:
    """Documents whose every field holds the same wrong value, and one per field; valid JSON all of them."""
    assert schema is not None
    fields = list(schema.model_fields)
    for kind, value in VALUES.items():
        if len(value) < 1000:
            yield f"{kind} everywhere", _document(dict.fromkeys(fields, value))
    yield "a million letters in one field", _document({fields[0]: VALUES["a million letters"]})
    for field in fields:
        for kind in ("NUL", "a lone surrogate", "infinity"):
            yield f"{kind} in {field}", _document({field: VALUES[kind]})


def _document(fields: dict[str, str]) -> bytes:
    return ("{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in fields.items()) + "}").encode()


def _is_refusal(answer: httpx.Response) -> bool:
    if not 400 <= answer.status_code < 500 or answer.headers["content-type"] != "application/problem+json":
        return False
    problem = answer.json()
    return bool(problem["code"]) and problem["status"] == answer.status_code and bool(problem["detail"])
