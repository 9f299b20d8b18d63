"""Drawing a form: which items one attempt sees, in which order, with which order of options. Pure and reproducible.

Every random choice comes from SHA-256 over the seed, a label and a counter, so a form can be drawn again from its
seed on any version of Python; `random.shuffle` promises that for no other version than the one that ran.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Self, TypeVar
from uuid import UUID

from certification.bank.content import ItemContent, Matching, MultipleChoice, SingleChoice, short_digest
from core.errors import Conflict
from core.i18n import gettext as _

_T = TypeVar("_T")


class NotEnoughItems(Conflict):
    """409: a domain holds fewer usable items than the blueprint asks for."""

    code = "not_enough_items"


@dataclass(frozen=True)
class FormItem:
    """An item version that may be drawn."""

    item_version_id: UUID
    domain: str
    content: ItemContent


@dataclass(frozen=True)
class FormEntry:
    """One place of a form, counted from 1. The orders hold option ids (left ids for matching) and right ids."""

    position: int
    item_version_id: UUID
    option_order: list[str]
    right_order: list[str]


@dataclass(frozen=True)
class Blueprint:
    """How many items of each domain make a form, or, without `counts`, how many of any domain (`total`)."""

    counts: Mapping[str, int] = field(default_factory=dict)
    total: int = 0

    def __post_init__(self) -> None:
        if any(count < 0 for count in self.counts.values()):
            raise ValueError("a count is at least 0")
        if self.counts and self.total not in (0, sum(self.counts.values())):
            raise ValueError("the total is not the sum of the counts")
        if self.size < 1:
            raise ValueError("a form has at least one item")

    @property
    def size(self) -> int:
        """The number of items in a form."""
        return sum(self.counts.values()) or self.total

    @classmethod
    def by_weight(cls, weights: Mapping[str, Decimal | int], total: int) -> Self:
        """Share `total` items out in proportion to `weights`; see `largest_remainder`."""
        return cls(largest_remainder(weights, total))


def largest_remainder(weights: Mapping[str, Decimal | int], total: int) -> dict[str, int]:
    """Return whole counts that add up to `total`, by Hamilton's method of largest remainders.

    Each domain gets its share rounded down; what is left goes, one each, to the largest remainders, and among equal
    ones to the greater weight, then the name. Raises ValueError for a negative weight, or none above 0.
    """
    sum_of_weights = sum(Fraction(weight) for weight in weights.values())
    if sum_of_weights <= 0 or any(weight < 0 for weight in weights.values()) or total < 0:
        raise ValueError("weights are at least 0, one of them is above 0, and the total is at least 0")
    shares = {name: Fraction(weight) * total / sum_of_weights for name, weight in weights.items()}
    counts = {name: int(share) for name, share in shares.items()}
    ranked = sorted(weights, key=lambda name: (counts[name] - shares[name], -Fraction(weights[name]), name))
    for name in ranked[: total - sum(counts.values())]:
        counts[name] += 1
    return counts


def _words(seed: int, label: str) -> Iterator[int]:
    """Yield 64-bit numbers: four from each SHA-256 of `confero-form-1`, seed, label and counter, joined by newlines."""
    counter = 0
    while True:
        digest = hashlib.sha256(f"confero-form-1\n{seed}\n{label}\n{counter}".encode()).digest()
        for start in range(0, 32, 8):
            yield int.from_bytes(digest[start : start + 8], "big")
        counter += 1


def shuffled(values: Sequence[_T], seed: int, label: str) -> list[_T]:
    """Return the values in an order that depends on seed and label alone (Fisher-Yates, Knuth's algorithm P)."""
    order = list(values)
    words = _words(seed, label)
    for last in range(len(order) - 1, 0, -1):
        # Words in the incomplete last stretch of the 64-bit range are passed over: each place is equally likely.
        limit = 2**64 - 2**64 % (last + 1)
        chosen = next(word for word in words if word < limit) % (last + 1)
        order[last], order[chosen] = order[chosen], order[last]
    return order


def _draw(pool: Sequence[FormItem], count: int, seed: int, domain: str | None) -> list[FormItem]:
    if len(pool) < count:
        needed, available = count, len(pool)
        if domain is None:
            message = _(
                "The blueprint asks for {needed} items and the bank has {available}. Add items or ask for fewer."
            )
            text = message.format(needed=needed, available=available)
            raise NotEnoughItems(text, needed=needed, available=available)
        message = _(
            "The blueprint asks for {needed} items of the domain “{domain}” and the bank has {available}."
            " Add items or ask for fewer."
        )
        text = message.format(needed=needed, available=available, domain=domain)
        raise NotEnoughItems(text, domain=domain, needed=needed, available=available)
    ordered = sorted(pool, key=lambda item: str(item.item_version_id))
    return shuffled(ordered, seed, "pool" if domain is None else f"pool {domain}")[:count]


def option_orders(item: FormItem, seed: int) -> tuple[list[str], list[str]]:
    """Return the order of the item's options (or left sides) and right sides for this seed; empty where it has none.

    Left sides keep their written order, as do the options of an item whose author said so (`shuffle` is false).
    """
    content, label = item.content, str(item.item_version_id)
    if isinstance(content, SingleChoice | MultipleChoice):
        ids = [option.id for option in content.options]
        return (shuffled(sorted(ids), seed, f"options {label}") if content.shuffle else ids), []
    if isinstance(content, Matching):
        rights = [short_digest(text.source) for text in content.rights()]
        return content.left_ids(), shuffled(rights, seed, f"rights {label}")
    return [], []


def draw_form(items: Sequence[FormItem], blueprint: Blueprint, seed: int) -> list[FormEntry]:
    """Draw a form: for each domain its number of items, then all of them mixed, then the options of each.

    The same items (in any order), blueprint and seed give the same form always. Raises NotEnoughItems that names the
    first domain, by name, which is short; ValueError when one item version is there twice.
    """
    if len({item.item_version_id for item in items}) != len(items):
        raise ValueError("an item version is there twice")
    drawn: list[FormItem] = []
    if blueprint.counts:
        for domain in sorted(blueprint.counts):
            pool = [item for item in items if item.domain == domain]
            drawn += _draw(pool, blueprint.counts[domain], seed, domain)
    else:
        drawn = _draw(items, blueprint.total, seed, None)
    mixed = shuffled(drawn, seed, "order")
    return [
        FormEntry(position, item.item_version_id, *option_orders(item, seed))
        for position, item in enumerate(mixed, start=1)
    ]
