"""The JSON-LD engine (pyld), in the guarded form that openbadgeslib drives it: contexts from inside the packages only,
bounded work, and caches of each thread's own.

Those guards are no public part of openbadgeslib; this module alone knows where they are, and
tests/unit/test_canonical.py fails when they move.
"""

import functools
import json
from typing import Any

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


def check_form(document: Document, proof: Document) -> None:
    """Refuse a secured document that says more in JSON than its proof signs in RDF. Raises `Unprocessable`.

    Source: VC Data Integrity 1.0, section 2.4.1 (context validation). What is read from the JSON afterwards is signed.
    """
    try:
        _screen_structure(document, contexts=False)
        _check_json_ld_form(document, proof, _loader())
    except LibOpenBadgesException as problem:
        raise Unprocessable(str(problem)[:300]) from None


def unknown_contexts(document: Document) -> list[str]:
    """The contexts that a document names and that nothing here carries; none is ever fetched."""
    named = document.get("@context")
    addresses = [one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str)]
    return [one for one in addresses if one not in _elder() and one not in bundled_contexts()]


@functools.cache
def _elder() -> dict[str, Document]:
    return {address: json.loads(BUNDLED_CONTEXTS[address].read_text("utf-8")) for address in _ELDER}


@functools.cache
def _loader() -> Any:  # Any: pyld's document loader, a plain function
    return document_loader(_elder())
