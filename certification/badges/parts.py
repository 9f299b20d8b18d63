"""What others have put into a badge with a context of its own: endorsements and extensions.

Their words are not judged here. They are cut out, and what is left must have the right form by itself, so that they can
neither make a good badge malformed nor hide what its signature covers: in RDF a statement may stand anywhere, and one
that was moved into an endorsement would no longer be read where it belongs.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, Final

from certification.badges import linked_data, reading
from certification.badges.linked_data import Document, Unprocessable

_MARK: Final = "urn:confero:part:"
_CUT: Final = object()
_OF_SUBJECTS: Final = frozenset(
    {
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
        "https://purl.imsglobal.org/spec/vc/ob/vocab.html#endorsementComment",
    }
)
"""What an endorsement says of what it endorses (Open Badges 3.0, EndorsementSubject)."""


@dataclass(frozen=True, slots=True)
class Parted:
    """A document without the parts that have a context of their own, and where these stood (JSON pointers)."""

    document: Document
    places: tuple[str, ...]


def part(document: Document) -> Parted:
    """Cut the parts out; a member of which nothing is left goes with them."""
    places: list[str] = []
    own = {name: _cut(value, f"/{name}", places, mark=False) for name, value in document.items() if name != "proof"}
    kept = {name: value for name, value in own.items() if value is not _CUT}
    return Parted(kept | ({"proof": document["proof"]} if "proof" in document else {}), tuple(places))


def check_form(document: Document, proof: Document) -> Parted:
    """The document that its proof signs word for word, and the places of what was cut out of it.

    Raises `Unprocessable` where the JSON says anything that the proof does not sign.
    """
    parted = part(document)
    try:
        linked_data.check_form(document, proof)
    except Unprocessable:
        if not parted.places:
            raise
        linked_data.check_form(parted.document, proof)
        _check_apart(document)
        return parted
    return Parted(document, parted.places)


def _cut(value: Any, place: str, places: list[str], *, mark: bool) -> Any:
    if isinstance(value, list):
        kept = [_cut(one, f"{place}/{number}", places, mark=mark) for number, one in enumerate(value)]
        kept = [one for one in kept if one is not _CUT]
        return kept if kept or not value else _CUT
    if not isinstance(value, dict):
        return value
    if "@context" in value:
        places.append(place)
        return {"id": f"{_MARK}{len(places)}"} if mark else _CUT
    inner = {name: _cut(one, f"{place}/{name}", places, mark=mark) for name, one in value.items()}
    return {name: one for name, one in inner.items() if one is not _CUT}


def _check_apart(document: Document) -> None:
    """Refuse parts that say of the badge itself, or of its status, anything but what endorsements say of their subject.

    Beyond leading to a part, the rest must say the same of both with and without them.
    """
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    places: list[str] = []
    marked = {name: _cut(value, "", places, mark=True) for name, value in unsecured.items()}
    if linked_data.names_blank_nodes(unsecured):
        raise Unprocessable("_:")
    whole, rest = _statements(unsecured), _statements(marked)
    entries = [one.get("id") for one in reading.members(document.get("credentialStatus"))]
    for subject, allowed in [(document.get("id"), _OF_SUBJECTS), *((entry, frozenset()) for entry in entries)]:
        if not isinstance(subject, str):
            continue
        said = rest[subject]
        leads = Counter(predicate for predicate, object_ in said if object_.startswith(_MARK))
        more = whole[subject] - Counter({one: count for one, count in said.items() if not one[1].startswith(_MARK)})
        if Counter(predicate for predicate, _ in more.elements() if predicate not in allowed) - leads:
            raise Unprocessable(subject)


def _statements(document: Document) -> defaultdict[str, Counter[tuple[str, str]]]:
    """What the document says of each subject that has a name. Blank nodes are all one object."""
    found: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for triple in linked_data.to_rdf(document).get("@default", []):
        subject, object_ = triple["subject"], triple["object"]
        if subject["type"] == "blank node":
            continue
        text = "_:" if object_["type"] == "blank node" else object_["value"]
        if object_["type"] == "literal":
            text = json.dumps(object_)
        found[subject["value"]][triple["predicate"]["value"], text] += 1
    return found
