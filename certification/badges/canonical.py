"""Canonical N-Quads (RDFC-1.0) of documents that differ in a few statements, without a JSON-LD processor for each.

Badges of one kind have the same members and differ in strings: a name, a date, an index. So a document is split into
its shape and its strings. For the first document of a shape the engine makes the dataset of placeholders; for every
other the strings are put in their places, and what remains of RDFC-1.0 is done here: the blank nodes are labelled in
the order of their first-degree hashes (section 4.6), as long as these differ, and the statements sorted (section 4.4).

Everything else goes to the engine itself: equal hashes, statements that become equal, an address that is not plain.
The result is the engine's byte for byte; tests compare them over hostile strings. It is meant for documents of our own
making: a member called `@slot` would be taken for a hole. See docs/decisions/0016-open-badges.md.
"""

import functools
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from certification.badges import linked_data
from certification.badges.linked_data import Document, Unprocessable

_CONSTANT: Final = frozenset(
    {"@context", "type", "cryptosuite", "proofPurpose", "statusPurpose", "identityType", "achievementType"}
    | {"resultType", "inLanguage"}
)
"""Members whose strings name a term or come from a short list: they belong to the shape."""

_ADDRESS: Final = re.compile(r"(https?://|urn:|did:)[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+", re.ASCII)
"""Strings that JSON-LD and N-Quads both take as they are, wherever an IRI is expected."""

_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"
_LANGUAGE_STRING: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"'})


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of the document's string number `index`, with what N-Quads writes around it."""

    index: int
    before: str
    after: str
    is_literal: bool


@dataclass(frozen=True, slots=True)
class _Node:
    """A blank node, by its number in the template."""

    index: int


_Term: TypeAlias = str | _Slot | _Node
_Quad: TypeAlias = tuple[_Term, str, _Term]


@dataclass(frozen=True, slots=True)
class _Template:
    quads: tuple[_Quad, ...]
    nodes: int
    quads_of_node: tuple[tuple[int, ...], ...]


def canonize(document: Document) -> str:
    """The canonical N-Quads of a document without its proof. Raises `Unprocessable`."""
    shape: list[str] = []
    strings: list[str] = []
    _split(document, "", shape, strings)
    template = _template("".join(shape))
    filled = _fill(template, strings) if template is not None else None
    return filled if filled is not None else linked_data.canonize(document)


def _split(value: Any, name: str, shape: list[str], strings: list[str]) -> None:
    """Append what is the same in all documents of the kind to `shape` (JSON with holes), the rest to `strings`."""
    if isinstance(value, str) and name not in _CONSTANT:
        found = _ADDRESS.fullmatch(value)
        shape.append(f'{{"@slot":"{found.group(1) if found else ""}"}}')
        strings.append(value)
    elif isinstance(value, dict) and name != "@context":
        separator = "{"
        for member, inner in value.items():
            shape.append(separator + _quoted(member))
            _split(inner, member, shape, strings)
            separator = ","
        shape.append("}" if separator == "," else "{}")
    elif isinstance(value, list) and name != "@context":
        separator = "["
        for inner in value:
            shape.append(separator)
            _split(inner, name, shape, strings)
            separator = ","
        shape.append("]" if separator == "," else "[]")
    else:
        shape.append(json.dumps(value))


@functools.lru_cache(maxsize=1024)
def _quoted(member: str) -> str:
    return json.dumps(member) + ":"


@functools.lru_cache(maxsize=512)
def _template(shape: str) -> _Template | None:
    """The dataset of a shape with holes in place of its strings; None where it cannot be told where each belongs."""
    placeholders: list[str] = []
    document = _with_placeholders(json.loads(shape), placeholders)
    try:
        dataset = linked_data.to_rdf(document)
    except Unprocessable:
        return None
    if [name for name, triples in dataset.items() if triples] != ["@default"]:
        return None
    places = {placeholder: index for index, placeholder in enumerate(placeholders)}
    labels: dict[str, int] = {}
    quads = [
        (_term(triple["subject"], places, labels), f" <{triple['predicate']['value']}> ", object_)
        for triple in dataset["@default"]
        if (object_ := _term(triple["object"], places, labels)) is not None
    ]
    used = {term.index for quad in quads for term in quad if isinstance(term, _Slot)}
    if len(used) != len(placeholders) or any(_mentions(quad, placeholders) for quad in quads):
        return None
    of_node = tuple(
        tuple(number for number, quad in enumerate(quads) if _Node(node) in quad) for node in range(len(labels))
    )
    return _Template(tuple(quads), len(labels), of_node)


def _with_placeholders(value: Any, placeholders: list[str]) -> Any:
    if isinstance(value, dict) and "@slot" in value:
        scheme = value["@slot"]
        number = len(placeholders)
        placeholders.append(f"{scheme}place-{number}.invalid" if scheme else f"place {number}")
        return placeholders[-1]
    if isinstance(value, dict):
        return {
            member: inner if member == "@context" else _with_placeholders(inner, placeholders)
            for member, inner in value.items()
        }
    if isinstance(value, list):
        return [_with_placeholders(inner, placeholders) for inner in value]
    return value


def _term(term: dict[str, Any], places: dict[str, int], labels: dict[str, int]) -> _Term:
    value = term["value"]
    if term["type"] == "blank node":
        return _Node(labels.setdefault(value, len(labels)))
    if term["type"] == "IRI":
        return _Slot(places[value], "<", ">", False) if value in places else f"<{value}>"
    if term["datatype"] == _LANGUAGE_STRING:
        after = f'"@{term["language"]}'
    else:
        after = '"' if term["datatype"] == _STRING else f'"^^<{term["datatype"]}>'
    if value in places:
        return _Slot(places[value], '"', after, True)
    return f'"{value.translate(_ESCAPES)}{after}'


def _mentions(quad: _Quad, placeholders: list[str]) -> bool:
    """Whether a placeholder is part of a constant: then strings are changed on their way, and have no place."""
    return any(placeholder in term for term in quad if isinstance(term, str) for placeholder in placeholders)


def _fill(template: _Template, strings: list[str]) -> str | None:
    """The canonical form, or None where only the engine can tell it."""
    quads = [
        (_text(subject, strings), predicate, _text(object_, strings)) for subject, predicate, object_ in template.quads
    ]
    if len(set(quads)) != len(quads):
        return None
    hashes = [_first_degree_hash(node, quads, template) for node in range(template.nodes)]
    if len(set(hashes)) != len(hashes):
        return None
    order = sorted(range(template.nodes), key=hashes.__getitem__)
    labels = [""] * template.nodes
    for position, node in enumerate(order):
        labels[node] = f"_:c14n{position}"
    lines = [
        f"{subject if isinstance(subject, str) else labels[subject]}{predicate}"
        f"{object_ if isinstance(object_, str) else labels[object_]} .\n"
        for subject, predicate, object_ in quads
    ]
    return "".join(sorted(lines))


def _text(term: _Term, strings: list[str]) -> str | int:
    if isinstance(term, str):
        return term
    if isinstance(term, _Node):
        return term.index
    value = strings[term.index]
    return f"{term.before}{value.translate(_ESCAPES) if term.is_literal else value}{term.after}"


def _first_degree_hash(node: int, quads: list[tuple[str | int, str, str | int]], template: _Template) -> str:
    def written(term: str | int) -> str:
        return term if isinstance(term, str) else "_:a" if term == node else "_:z"

    mentioned: Iterator[tuple[str | int, str, str | int]] = (quads[number] for number in template.quads_of_node[node])
    lines = sorted(f"{written(subject)}{predicate}{written(object_)} .\n" for subject, predicate, object_ in mentioned)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
