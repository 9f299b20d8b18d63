"""The API's documentation page: the OpenAPI document arranged for reading, with an example for every call."""

import json
import shlex
from typing import Any

from core.errors import AppError

Schema = dict[str, Any]  # Any: JSON Schema
_DEPTH = 6


def reference(api: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of the OpenAPI document `api`: operations by tag, schemas, and every error code."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            entry = _operation(api, path, method.upper(), operation)
            groups.setdefault(operation["tags"][0], []).append(entry)
    return {"groups": sorted(groups.items()), "errors": errors()}


def errors() -> list[dict[str, Any]]:
    """Every error code with its status and what it means, by status."""
    found: dict[str, dict[str, Any]] = {}
    waiting: list[type[AppError]] = [AppError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind is not AppError:
            found.setdefault(kind.code, {"code": kind.code, "status": kind.status, "message": kind.message})
    for code, status, message in _FURTHER:
        found.setdefault(code, {"code": code, "status": status, "message": message})
    return sorted(found.values(), key=lambda one: (one["status"], one["code"]))


_FURTHER = (
    ("bad_request", 400, "The request could not be read."),
    ("invalid_token", 401, "The token is unknown, expired or revoked."),
    ("insufficient_scope", 403, "The token lacks a scope that this operation needs."),
    ("method_not_allowed", 405, "This address does not take that method."),
    ("fault", 500, "Something went wrong on our side. Nothing was saved; try again."),
    ("timeout", 503, "The request took too long and was stopped. Try again in a moment."),
)


def _operation(api: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    media, schema = next(((media, found["schema"]) for media, found in body.items()), ("", None))
    answers = []
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        kind = next(iter(content), "")
        shape = content[kind]["schema"] if kind == "application/json" else None
        answers.append(
            {
                "status": status,
                "is_error": kind == "application/problem+json",
                "codes": answer["description"].split(", ") if kind == "application/problem+json" else [],
                "media": kind,
                "example": _pretty(api, shape) if shape else "",
            }
        )
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "summary": operation["summary"],
        "description": operation["description"],
        "scopes": operation.get("security", [{}])[0].get("token"),
        "parameters": [_parameter(api, one) for one in operation["parameters"]],
        "fields": _fields(api, schema) if schema else [],
        "answers": answers,
        "curl": _curl(api, path, method, operation, media, schema),
    }


def _parameter(api: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "where": parameter["in"],
        "is_required": parameter.get("required", False),
        "kind": _kind(api, parameter["schema"]),
        "description": parameter.get("description") or parameter["schema"].get("description", ""),
    }


def _fields(api: dict[str, Any], schema: Schema) -> list[dict[str, Any]]:
    resolved = _resolve(api, schema)
    required = resolved.get("required", [])
    return [
        {
            "name": name,
            "is_required": name in required,
            "kind": _kind(api, field),
            "description": field.get("description", ""),
        }
        for name, field in resolved.get("properties", {}).items()
    ]


def _resolve(api: dict[str, Any], schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = api["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _kind(api: dict[str, Any], schema: Schema) -> str:
    resolved = _resolve(api, schema)
    if options := resolved.get("anyOf") or resolved.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(api, option) for option in options))
    if "enum" in resolved:
        return " | ".join(str(value) for value in resolved["enum"])
    if "const" in resolved:
        return str(resolved["const"])
    kind = str(resolved.get("type", "any"))
    if kind == "array":
        return f"list of {_kind(api, resolved.get('items', {}))}"
    limits = [str(resolved[key]) for key in ("minLength", "minimum", "maxLength", "maximum") if key in resolved]
    kind = str(resolved.get("format") or kind)
    return f"{kind} ({'–'.join(limits)})" if len(limits) == 2 else kind


def example(api: dict[str, Any], schema: Schema, name: str = "", depth: int = 0) -> Any:
    """A plausible JSON value of `schema`: its own example or default where it has one."""
    schema = _resolve(api, schema)
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("default") is not None:
        return schema["default"]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return example(api, options[0], name, depth)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {}) if depth < _DEPTH else {}
        return {key: example(api, value, key, depth + 1) for key, value in properties.items()}
    if kind == "array":
        return [example(api, schema.get("items", {}), name, depth + 1)] if depth < _DEPTH else []
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    return {"boolean": True, "null": None}.get(str(kind), _text(schema, name))


def _text(schema: Schema, name: str) -> str:
    by_format = {
        "uuid": "0198f0a2-7c11-7cc0-a3f4-0d6f1e6b2c11",
        "date-time": "2027-03-03T15:30:00Z",
        "date": "2027-03-03",
    }
    named = {"slug": "open-systems", "country": "KE", "city": "Nairobi", "language": "en", "code": "7Q2M4XKD"}
    return by_format.get(schema.get("format", "")) or named.get(name) or name or "text"


def _pretty(api: dict[str, Any], schema: Schema) -> str:
    return json.dumps(example(api, schema), indent=2, ensure_ascii=False)


def _curl(
    api: dict[str, Any], path: str, method: str, operation: dict[str, Any], media: str, schema: Schema | None
) -> str:
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            value = example(api, parameter["schema"], parameter["name"])
            path = path.replace("{" + parameter["name"] + "}", str(value))
    lines = [f"curl {'' if method == 'GET' else f'-X {method} '}{api['servers'][0]['url']}{path}"]
    if "security" in operation:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if media == "application/json" and schema is not None:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(json.dumps(_needed(api, schema), ensure_ascii=False))}")
    elif media:
        lines += [f"-H 'Content-Type: {media}'", "--data-binary @file"]
    return " \\\n  ".join(lines)


def _needed(api: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """The required fields only, or the first one where none is."""
    resolved = _resolve(api, schema)
    properties = resolved.get("properties", {})
    names = resolved.get("required") or list(properties)[:1]
    return {name: example(api, properties[name], name) for name in names}
