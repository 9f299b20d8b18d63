"""The only validator: a JSON body, a form or a query becomes a pydantic schema, or `InvalidInput` names the fields.

Bytes that are not UTF-8, NUL and lone surrogates are refused before anything else sees them.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from api import multipart
from core.complaints import sentence
from core.errors import AppError, InvalidInput
from core.i18n import N_
from core.i18n import gettext as _

T = TypeVar("T", bound=BaseModel)
_MOST_COMPLAINTS = 1000
_UNSETTABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\\u0000")


class NotUtf8(AppError):
    """400: the bytes are not UTF-8 text."""

    code, status, message = "not_utf8", 400, N_("The request must be UTF-8 text.")


class BadJson(AppError):
    """400: the body is not a JSON object."""

    code, status, message = "bad_json", 400, N_("The body must be one JSON object.")


class UnsupportedMedia(AppError):
    """415: the body is of a type that this operation does not take."""

    code, status, message = "unsupported_media_type", 415, N_("Send the body as application/json.")


async def body(request: Request, schema: type[T]) -> T:
    """The JSON body as `schema`; an absent body counts as `{}`.

    Raises `UnsupportedMedia`, `NotUtf8`, `BadJson`, or `InvalidInput` naming each field.
    """
    _as_declared(request, schema, "body")
    raw = await request.body()
    media = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if raw and media != "application/json" and not media.endswith("+json"):
        raise UnsupportedMedia()
    return validate(schema, document(raw))


def document(raw: bytes) -> dict[str, Any]:
    """A JSON object from bytes. Raises `NotUtf8`, `BadJson`, or `InvalidInput` for NUL and lone surrogates."""
    if not raw.strip():
        return {}
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise NotUtf8() from None
    except (ValueError, RecursionError) as error:
        raise BadJson(f"The body is not JSON: {error}"[:200]) from None
    if not isinstance(value, dict):
        raise BadJson()
    if _ESCAPED_SURROGATE.search(raw) or b"\x00" in raw:
        _refuse_unsettable(value, "")
    return value


def query(request: Request, schema: type[T]) -> T:
    """The query string as `schema`. Raises `NotUtf8` or `InvalidInput`.

    A page ignores parameters that it does not know, which mailing lists and social networks add to addresses.
    """
    _as_declared(request, schema, "query")
    _check_query_bytes(request)
    pairs = request.query_params.multi_items()
    if "confero.page" in request.scope:
        pairs = [(name, value) for name, value in pairs if name.partition(".")[0] in schema.model_fields]
    return validate(schema, nested(pairs, schema))


async def form(request: Request, schema: type[T]) -> T:
    """A submitted form as `schema`; dotted names nest and empty fields count as absent.

    The typed text stays available as `typed(request)` for showing the form again.
    """
    data = await read_form(request)
    pairs = [(name, value) for name, value in data.multi_items() if isinstance(value, str)]
    return validate(schema, nested(pairs, schema))


async def read_form(request: Request) -> FormData:
    """The submitted form, uploads included.

    Raises `multipart.BadForm`, `NotUtf8`, or `InvalidInput` for bytes no text field may hold.
    """
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media == "application/x-www-form-urlencoded":
        try:
            unquote_to_bytes((await request.body()).replace(b"+", b" ")).decode("utf-8")
        except UnicodeDecodeError:
            raise NotUtf8() from None
    if media == "multipart/form-data" and request._form is None:
        request._form = await multipart.read(request)  # which `Request.form` gives, and `Request.close` closes
    try:
        data = await request.form(max_files=10, max_fields=2000)
    except UnicodeDecodeError:
        raise NotUtf8() from None
    for name, value in data.multi_items():
        if isinstance(value, str):
            _refuse_unsettable(value, name)
        elif value.filename:
            _refuse_unsettable(value.filename, name)
    request.scope["confero.form"] = data
    return data


def typed(request: Request) -> dict[str, Any]:
    """What the person typed into the form, for showing it again: text, or a list where a name was repeated."""
    data: FormData | None = request.scope.get("confero.form")
    if data is None:
        return {}
    values: dict[str, Any] = {}
    for name in data:
        texts = [value for value in data.getlist(name) if isinstance(value, str)]
        values[name] = texts if len(texts) > 1 else (texts[0] if texts else "")
    return values


async def upload(request: Request, name: str) -> tuple[str, bytes]:
    """File name and bytes of an uploaded file. Raises `InvalidInput` where none was chosen."""
    data = await read_form(request)
    chosen = data.get(name)
    if not isinstance(chosen, UploadFile) or not chosen.filename:
        raise InvalidInput({name: _("Choose a file.")})
    return chosen.filename, await chosen.read()


def validate(schema: type[T], value: Mapping[str, Any]) -> T:
    """`value` as `schema`; pydantic's complaints become `InvalidInput` with one sentence per dotted field.

    More than a thousand are not told one by one: a megabyte of nonsense holds a hundred thousand.
    """
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        if error.error_count() > _MOST_COMPLAINTS:
            raise InvalidInput({"body": f"{error.error_count()} fields are wrong, too many to name."}) from None
        raise InvalidInput({_path(e["loc"]): sentence(e) for e in error.errors()}) from None


def nested(pairs: Iterable[tuple[str, str]], schema: type[BaseModel]) -> dict[str, Any]:
    """Form or query pairs as a document: `venue.city` nests, list fields collect, empty strings are left out."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        if value.strip() == "":
            continue
        target, field_schema = result, schema
        *parents, last = name.split(".")
        for parent in parents:
            target = target.setdefault(parent, {})
            field_schema = _model_of(field_schema, parent)
            if not isinstance(target, dict):
                raise InvalidInput({name: _("This field is given twice.")})
        if _is_list(field_schema, last):
            target.setdefault(last, []).append(value)
        else:
            target[last] = value
    return result


def _model_of(schema: type[BaseModel] | None, name: str) -> Any:  # Any: a schema class or None
    info = schema.model_fields.get(name) if schema else None
    candidates = (info.annotation, *get_args(info.annotation)) if info else ()
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)


def _is_list(schema: type[BaseModel] | None, name: str) -> bool:
    info = schema.model_fields.get(name) if schema else None
    if info is None:
        return False
    return any(get_origin(a) in (list, set, frozenset) for a in (info.annotation, *get_args(info.annotation)))


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "body"


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _refuse_unsettable(value: Any, path: str) -> None:
    """Walk a JSON value; NUL cannot be stored by PostgreSQL and a lone surrogate is no character."""
    if isinstance(value, str):
        if _UNSETTABLE.search(value):
            raise InvalidInput({path or "body": _("Remove the characters that are not text (NUL or lone surrogates).")})
    elif isinstance(value, dict):
        for name, inner in value.items():
            _refuse_unsettable(name, path)
            _refuse_unsettable(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_unsettable(inner, f"{path}.{index}")


def _check_query_bytes(request: Request) -> None:
    raw: bytes = request.scope.get("query_string", b"")
    if b"%" in raw or not raw.isascii():
        try:
            text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
        except UnicodeDecodeError:
            raise NotUtf8("The address must be UTF-8 text.") from None
        _refuse_unsettable(text, "query")


def _as_declared(request: Request, schema: type[BaseModel], part: str) -> None:
    """The schema that validates is the one the OpenAPI document shows; anything else is a programming error."""
    endpoint = request.scope.get("confero.endpoint")
    if endpoint is not None and getattr(endpoint, part) is not schema:
        raise RuntimeError(f"{endpoint.path} validates with {schema.__name__} but declares {getattr(endpoint, part)}")
