"""The OpenAPI 3.1 document, made from the route table and the very schemas that validate; and its page."""

import re
from functools import cache
from typing import Any

from markupsafe import Markup
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from accounts.proofs import PasswordAgain
from api import auth
from api.languages import use_reader_locale
from api.parse import BadJson, NotUtf8
from api.reference import reference
from api.render import render
from api.routing import Audience, Endpoint, Scope
from api.v1.routes import ENDPOINTS
from core.errors import AppError, Forbidden, InvalidInput, NotFound, NotSignedIn, RateLimited
from core.i18n import current_locale
from core.settings import get_settings
from core.templating import environment

_REFERENCE = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")
_KINDS: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
}

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details. `code` is stable; `errors` names the fields of invalid input.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


@cache
def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document of /api/v1. Source: OpenAPI Specification 3.1.1."""
    inputs = {s for e in ENDPOINTS for s in (e.body, e.query) if s}
    outputs = {s for e in ENDPOINTS for s in e.answers.values() if isinstance(s, type)}
    wanted: list[tuple[type[BaseModel], Any]] = [(s, "validation") for s in inputs]
    wanted += [(s, "serialization") for s in outputs]
    wanted.sort(key=lambda pair: (pair[0].__name__, pair[1]))
    names, definitions = models_json_schema(wanted, ref_template=_REFERENCE)
    schemas = {"Problem": PROBLEM, **definitions.get("$defs", {})}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        path = "/api/v1" + _PARAMETER.sub(r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, names, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Confero",
            "version": "1",
            "description": "Events, registration, exams and verifiable certificates.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": get_settings().public_url}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token. Scopes: " + ", ".join(Scope) + ".",
                }
            },
        },
    }


def _operation(endpoint: Endpoint, names: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{endpoint.handler.__module__.rsplit('.', 1)[-1]}_{endpoint.handler.__name__}",
        "summary": endpoint.summary,
        "description": (endpoint.handler.__doc__ or endpoint.summary).strip(),
        "tags": [endpoint.tag],
        "parameters": _parameters(endpoint, names, schemas),
        "responses": _responses(endpoint, names),
    }
    if endpoint.audience is not Audience.anyone:
        operation["security"] = [{"token": [str(endpoint.scope)] if endpoint.scope else []}]
    if endpoint.body is not None:
        schema = names[(endpoint.body, "validation")]
        operation["requestBody"] = {
            "required": any(f.is_required() for f in endpoint.body.model_fields.values()),
            "content": {endpoint.body_media: {"schema": schema}},
        }
    elif endpoint.body_media != "application/json":
        operation["requestBody"] = {"required": True, "content": {endpoint.body_media: {"schema": {"type": "string"}}}}
    return operation


def _parameters(endpoint: Endpoint, names: Any, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _KINDS.get(kind, {"type": "string"})}
        for name, kind in _PARAMETER.findall(endpoint.path)
    ]
    if endpoint.query is not None:
        properties = schemas[names[(endpoint.query, "validation")]["$ref"].rsplit("/", 1)[-1]]
        for name, schema in properties["properties"].items():
            required = name in properties.get("required", ())
            parameters.append({"name": name, "in": "query", "required": required, "schema": schema})
    if endpoint.method == "POST":
        described = "Repeat a request safely: the same key and request get the same answer."
        key = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "schema": key, "description": described})
    return parameters


def _responses(endpoint: Endpoint, names: Any) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, answer in endpoint.answers.items():
        responses[str(status)] = {"description": endpoint.summary}
        if isinstance(answer, str):
            document = {"type": "object"} if answer == "application/json" else {"type": "string", "format": "binary"}
            responses[str(status)]["content"] = {answer: {"schema": document}}
        elif answer is not None:
            schema = names[(answer, "serialization")]
            responses[str(status)]["content"] = {"application/json": {"schema": schema}}
    refusals: list[type[AppError]] = [*endpoint.errors, BadJson, NotUtf8, InvalidInput]
    if endpoint.counts is not None:
        refusals.append(RateLimited)
    if endpoint.audience is not Audience.anyone:
        refusals += [NotSignedIn, Forbidden]
    if "{" in endpoint.path:
        refusals.append(NotFound)
    if endpoint.asks_password:
        refusals.append(PasswordAgain)
    codes: dict[int, list[str]] = {}
    for refusal in refusals:
        codes.setdefault(refusal.status, []).append(refusal.code)
    for status, found in sorted(codes.items()):
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses[str(status)] = {"description": ", ".join(sorted(set(found))), "content": content}
    for status, reason in (
        (403, "forbidden"),
        (413, "too_large"),
        (415, "unsupported_media_type"),
        (503, "unavailable"),
    ):
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses.setdefault(str(status), {"description": reason, "content": content})
    return responses


async def document(request: Request) -> Response:
    """GET /api/v1/openapi.json."""
    return JSONResponse(openapi(), headers={"Cache-Control": "public, max-age=300"})


async def documentation(request: Request) -> Response:
    """GET /api/docs: the same document as a page that loads nothing from another host."""
    caller = await auth.authenticate(request)
    use_reader_locale(request, caller.person)
    shown = reference(openapi())
    html = _reference_html(current_locale())
    return render(request, "pages/api_docs.html", {"scopes": list(Scope), "groups": shown["groups"], "reference": html})


@cache
def _reference_html(locale: str) -> Markup:
    """All operations and errors, in the language of the running request: half a megabyte, written once a process."""
    return Markup(environment().get_template("pages/api_reference.html").render(reference(openapi())))  # noqa: S704


ROUTES = [Route("/api/v1/openapi.json", document), Route("/api/docs", documentation)]
