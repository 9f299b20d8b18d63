"""The JSON-LD engine (pyld), in the guarded form that openbadgeslib drives it: contexts from inside the packages only,
bounded work, and caches of each thread's own.

Those guards are no public part of openbadgeslib; this module alone knows where they are, and
tests/unit/test_canonical.py fails when they move.
"""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3._canon_guard import canonize as _canonize
from openbadgeslib.ob3._canon_guard import isolate
from openbadgeslib.ob3.contexts import bundled_contexts, document_loader
from openbadgeslib.ob3.ldp import _check_json_ld_form, _screen_structure
from pyld import jsonld
from pyld.documentloader.frozen import BUNDLED_CONTEXTS

Document = dict[str, Any]  # Any: JSON

_ELDER = ("https://www.w3.org/2018/credentials/v1", "https://w3id.org/security/suites/ed25519-2020/v1")
"""Contexts of data model 1.1, which pyld carries and openbadgeslib does not."""

_PLACE: Final = re.compile(r"\(at (/[^)]*)\)")
"""How the engine names the member that it refuses."""


class Unprocessable(ValueError):
    """The document is no JSON-LD that can be processed: an unknown context, too much work, or a wrong form."""


def canonize(document: Document) -> str:
    """The canonical N-Quads of a document (RDFC-1.0). Raises `Unprocessable`."""
    try:
        return str(_canonize(jsonld, document, _loader()))
    except Exception as problem:  # pyld raises whatever its input leads it to
        raise Unprocessable(str(problem)[:300]) from None


def to_rdf(document: Document) -> dict[str, list[dict[str, Any]]]:
    """The document's dataset: graph name to triples, as pyld writes them. Raises `Unprocessable`."""
    options = {"produceGeneralizedRdf": False, "documentLoader": _loader()}
    try:
        found: dict[str, list[dict[str, Any]]] = isolate(jsonld).to_rdf(document, options)
    except Exception as problem:  # as above
        raise Unprocessable(str(problem)[:300]) from None
    return found


def canonize_foreign(document: Document) -> str:
    """As `canonize`, for a document of anybody: what it is made of is counted before the engine touches it."""
    try:
        _screen_structure(document)
    except LibOpenBadgesException as problem:
        raise Unprocessable(str(problem)[:300]) from None
    return canonize(document)


def check_form(document: Document, proof: Document) -> None:
    """Refuse a secured document that says more in JSON than its proof signs in RDF. Raises `Unprocessable`.

    Source: VC Data Integrity 1.0, section 2.4.1 (context validation). What is read from the JSON afterwards is signed.
    """
    try:
        _screen_structure(document, contexts=False)
        _check_json_ld_form(document, proof, _loader())
    except LibOpenBadgesException as problem:
        place = _PLACE.search(str(problem))
        raise Unprocessable(place.group(1) if place else str(problem)[:300]) from None


def unknown_contexts(document: Document) -> list[str]:
    """The contexts, at any depth, that nothing here carries; none is ever fetched. One written out stands as JSON."""
    unknown = []
    for name, value in _inside({name: value for name, value in document.items() if name != "proof"}):
        if name == "@context":
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    unknown.append(json.dumps(one, ensure_ascii=False))
                elif isinstance(one, str) and one not in _elder() and one not in bundled_contexts():
                    unknown.append(one)
    return unknown


def unusual_context(document: Document) -> str | None:
    """What of the document's own context keeps its form from being checked: the data model of before 2.0, or two of
    one kind. None where nothing does."""
    named = document.get("@context")
    entries = named if isinstance(named, list) else [named]
    if entries[:1] == [_ELDER[0]]:
        return _ELDER[0]
    carried = [json.dumps(bundled_contexts().get(one)) if isinstance(one, str) else "" for one in entries]
    twice = [str(one) for number, one in enumerate(entries) if carried[number] in carried[:number]]
    return twice[0] if twice else None


def names_blank_nodes(document: Document) -> bool:
    """Whether a node without an address is given a name, by which it could be described in two places."""
    return any(isinstance(value, str) and value.startswith("_:") for _, value in _inside(document))


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object in `value`, whatever the depth, lists one by one; what stands first comes first."""
    left: list[tuple[str, Any]] = [("", value)]
    while left:
        name, one = left.pop()
        if not isinstance(one, list) or name == "@context":
            yield name, one
        if isinstance(one, dict) and name != "@context":
            left.extend(reversed(one.items()))
        elif isinstance(one, list) and name != "@context":
            left.extend((name, each) for each in reversed(one))


@functools.cache
def _elder() -> dict[str, Document]:
    return {address: json.loads(BUNDLED_CONTEXTS[address].read_text("utf-8")) for address in _ELDER}


@functools.cache
def _loader() -> Any:  # Any: pyld's document loader, a plain function
    return document_loader(_elder())
