"""What counts as an answer to an item: checks a learner's response before it is saved."""

import re
from collections.abc import Mapping
from decimal import Decimal

from certification.bank.content import (
    MAX_ANSWER_LENGTH,
    Essay,
    ItemContent,
    Matching,
    MultipleChoice,
    Numeric,
    ShortAnswer,
    SingleChoice,
    TrueFalse,
    short_digest,
)
from certification.bank.prompts import UNPRINTABLE
from core.errors import InvalidInput
from core.i18n import gettext as _

# As saved: an option id or a text, ids, a truth value, or left id -> right id. None is no answer.
Response = str | bool | list[str] | dict[str, str] | None

MAX_NUMBER_LENGTH = 60
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def _refuse(message: str) -> InvalidInput:
    return InvalidInput({"response": message})


def _one_of(response: object, ids: list[str]) -> str:
    if not isinstance(response, str) or response not in ids:
        raise _refuse(_("Send the id of one of this item's options."))
    return response


def _several_of(response: object, ids: list[str]) -> list[str] | None:
    if not isinstance(response, list):
        raise _refuse(_("Send a list of option ids."))
    chosen = [_one_of(option, ids) for option in response]
    if len(set(chosen)) != len(chosen):
        raise _refuse(_("Each option can be chosen once."))
    return sorted(chosen, key=ids.index) or None


def _number(response: object) -> str | None:
    if not isinstance(response, str):
        raise _refuse(_("Send the number as a string, such as “1.5”."))
    written = response.strip()
    if not written:
        return None
    if "," in written:
        raise _refuse(_("Write a point, not a comma, before the decimals: 1.5. Leave out separators of thousands."))
    if len(written) > MAX_NUMBER_LENGTH:
        raise _refuse(_("Write the number with at most {limit} characters.").format(limit=MAX_NUMBER_LENGTH))
    if not _NUMBER.fullmatch(written):
        raise _refuse(_("Write a number, such as 42, -1.5 or 6.02e23."))
    value = Decimal(written)
    if value and abs(value.adjusted()) > 300:
        raise _refuse(_("Write a number between 1e-300 and 1e300."))
    return written


def _text(response: object, limit: int) -> str | None:
    if not isinstance(response, str):
        raise _refuse(_("Send a text."))
    text = response.replace("\r\n", "\n").replace("\r", "\n")
    if UNPRINTABLE.search(text):
        raise _refuse(_("The text holds a control character; remove it."))
    if len(text) > limit:
        raise _refuse(_("Write at most {limit} characters; these are {length}.").format(limit=limit, length=len(text)))
    return text if text.strip() else None


def _matches(content: Matching, response: object) -> dict[str, str] | None:
    if not isinstance(response, Mapping):
        raise _refuse(_("Send an object that maps the id of a left side to the id of a right side."))
    lefts = content.left_ids()
    rights = {short_digest(text.source) for text in content.rights()}
    for left, right in response.items():
        if left not in lefts:
            raise _refuse(_("Only the ids of this item's left sides can be matched."))
        if right is not None and (not isinstance(right, str) or right not in rights):
            raise _refuse(_("Match each left side with the id of one of this item's right sides."))
    return {left: response[left] for left in lefts if response.get(left) is not None} or None


def check_response(content: ItemContent, response: object) -> Response:
    """Return `response`, a JSON value, as it is saved: ids in the item's order, numbers and texts as typed.

    None, and whatever says nothing (blank text, no option, no match), clears the answer and returns None.
    Raises InvalidInput for the field `response`, saying what to send instead.
    """
    if response is None:
        return None
    match content:
        case SingleChoice():
            return _one_of(response, [option.id for option in content.options])
        case MultipleChoice():
            return _several_of(response, [option.id for option in content.options])
        case TrueFalse():
            if not isinstance(response, bool):
                raise _refuse(_("Send true or false."))
            return response
        case Numeric():
            return _number(response)
        case ShortAnswer():
            return _text(response, MAX_ANSWER_LENGTH)
        case Essay():
            return _text(response, content.max_length)
        case Matching():
            return _matches(content, response)
