"""Every text that an operation takes says what it may hold: one line, several, or a form of its own."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from api.v1.routes import ENDPOINTS
from core.text import OneLine, SeveralLines

EXEMPT = {
    "password": "any sequence of characters",
    "current_password": "any sequence of characters",
    "new_password": "any sequence of characters",
    "token": "looked up by its hash",
    "code": "read by accounts.codes",
    "numbers": "read by accounts.codes",
    "email": "compared with stored addresses",
    "certification": "a slug, looked up",
    "certifications": "slugs, looked up",
    "parent": "a slug, looked up",
    "event": "a slug, looked up",
    "q": "words to search for",
}


def _texts(schema: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[type[BaseModel], str, FieldInfo]]:
    if schema in seen:
        return
    seen.add(schema)
    for name, field in schema.model_fields.items():
        parts = list(_parts(field.annotation))
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _texts(part, seen)
        if str in parts:
            yield schema, name, field


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _says(schema: type[BaseModel], name: str, field: FieldInfo) -> bool:
    if any(name in each.info.fields for each in schema.__pydantic_decorators__.field_validators.values()):
        return True
    marks = [*field.metadata]
    for part in _parts(field.annotation):
        if get_origin(part) is Annotated:
            marks += part.__metadata__
    kinds = (OneLine, SeveralLines, AfterValidator, BeforeValidator)
    patterns = [getattr(mark, "pattern", None) for mark in marks]
    return any(isinstance(mark, kinds) for mark in marks) or any(patterns)


def test_every_text_taken_by_the_api_says_what_it_may_hold() -> None:
    seen: set[type[BaseModel]] = set()
    bodies = [endpoint.body for endpoint in ENDPOINTS if endpoint.body is not None]
    texts = [found for body in bodies for found in _texts(body, seen)]
    assert len(texts) > 50
    silent = {f"{s.__name__}.{name}" for s, name, field in texts if name not in EXEMPT and not _says(s, name, field)}
    assert silent == set()
