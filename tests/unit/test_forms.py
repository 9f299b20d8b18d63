"""Forms drawn from a seed: the same always, as the blueprint says, and fair."""

import random
from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certification.bank.content import parse_content, short_digest
from certification.exams.forms import (
    Blueprint,
    FormItem,
    NotEnoughItems,
    draw_form,
    largest_remainder,
    shuffled,
)

CHOICE = {
    "type": "single_choice",
    "prompt": "x",
    "options": [{"id": letter, "text": letter, "correct": letter == "a"} for letter in "abcd"],
}
TRUTH = {"type": "true_false", "prompt": "x", "answer": True}
MATCH = {
    "type": "matching",
    "prompt": "x",
    "pairs": [{"left": "1", "right": "A"}, {"left": "2", "right": "B"}],
    "distractors": ["C"],
}

# Frozen for good: attempts that were drawn from a seed must be drawable again.
GOLDEN = [(1, 7, "", ""), (2, 2, "ab", "CAB"), (3, 6, "dbac", ""), (4, 1, "", ""), (5, 9, "bacd", "")]
GOLDEN_SHUFFLE_1 = [1, 0, 4, 8, 9, 3, 2, 7, 5, 6]
GOLDEN_SHUFFLE_2 = [8, 9, 6, 4, 0, 2, 3, 1, 7, 5]
GOLDEN_SHUFFLE_Y = [0, 1, 4, 9, 2, 3, 6, 7, 8, 5]


def _item(number: int, domain: str, content: dict[str, Any] = CHOICE) -> FormItem:
    return FormItem(UUID(int=number), domain, parse_content(content))


def _bank() -> list[FormItem]:
    kinds: list[dict[str, Any]] = [CHOICE, TRUTH, MATCH]
    return [_item(number, "Net" if number <= 6 else "Sec", kinds[number % 3]) for number in range(1, 11)]


def test_form_for_a_seed_never_changes() -> None:
    form = draw_form(_bank(), Blueprint({"Net": 3, "Sec": 2}), seed=20260101)
    a, b, c = (short_digest(letter) for letter in "ABC")
    names = {a: "A", b: "B", c: "C"}
    drawn = [
        (e.position, e.item_version_id.int, "".join(e.option_order), "".join(names[right] for right in e.right_order))
        for e in form
    ]
    assert drawn == GOLDEN


def test_shuffle_for_a_seed_never_changes() -> None:
    assert shuffled(range(10), 1, "x") == GOLDEN_SHUFFLE_1
    assert shuffled(range(10), 2, "x") == GOLDEN_SHUFFLE_2
    assert shuffled(range(10), 1, "y") == GOLDEN_SHUFFLE_Y
    assert shuffled([], 1, "x") == []


def test_shuffle_gives_each_order_alike_often() -> None:
    orders = Counter(tuple(shuffled("abc", seed, "x")) for seed in range(6000))
    assert len(orders) == 6
    # Each expects 1000 with a standard deviation of 29; the seeds are fixed, so this never varies.
    assert all(900 < count < 1100 for count in orders.values())


@given(st.integers(0, 2**63 - 1), st.integers(0, 6), st.integers(0, 4), st.randoms())
def test_form_follows_the_blueprint_whatever_the_order_of_the_bank(
    seed: int, net: int, sec: int, rnd: random.Random
) -> None:
    bank = _bank()
    if net + sec == 0:
        net = 1
    blueprint = Blueprint({"Net": net, "Sec": sec})
    form = draw_form(bank, blueprint, seed)
    domains = {item.item_version_id: item.domain for item in bank}
    assert [entry.position for entry in form] == list(range(1, net + sec + 1))
    assert len({entry.item_version_id for entry in form}) == blueprint.size == net + sec
    assert Counter(domains[entry.item_version_id] for entry in form) == Counter({"Net": net, "Sec": sec})
    rnd.shuffle(bank)
    assert draw_form(bank, blueprint, seed) == form


def test_orders_name_every_option_and_open_items_have_none() -> None:
    form = {entry.item_version_id.int: entry for entry in draw_form(_bank(), Blueprint(total=10), seed=5)}
    assert sorted(form) == list(range(1, 11))
    assert sorted(form[3].option_order) == ["a", "b", "c", "d"]
    assert form[3].right_order == []
    assert (form[1].option_order, form[1].right_order) == ([], [])
    assert form[2].option_order == ["a", "b"]
    assert sorted(form[2].right_order) == sorted(short_digest(letter) for letter in "ABC")


def test_an_item_whose_author_fixed_the_order_keeps_it() -> None:
    fixed = _item(1, "Net", CHOICE | {"shuffle": False})
    orders = {tuple(draw_form([fixed], Blueprint(total=1), seed)[0].option_order) for seed in range(20)}
    assert orders == {("a", "b", "c", "d")}
    free = {tuple(draw_form([_item(1, "Net")], Blueprint(total=1), seed)[0].option_order) for seed in range(20)}
    assert len(free) > 10


def test_different_seeds_draw_different_items() -> None:
    bank = [_item(number, "Net") for number in range(1, 61)]
    drawn = Counter(
        entry.item_version_id for seed in range(300) for entry in draw_form(bank, Blueprint({"Net": 20}), seed)
    )
    assert len(drawn) == 60
    # Each of the 60 expects 100 with a standard deviation of 8; the seeds are fixed, so this never varies.
    assert all(65 < count < 135 for count in drawn.values())


def test_short_domain_is_named() -> None:
    with pytest.raises(NotEnoughItems) as caught:
        draw_form(_bank(), Blueprint({"Net": 6, "Sec": 5}), seed=1)
    assert caught.value.message == (
        "The blueprint asks for 5 items of the domain “Sec” and the bank has 4. Add items or ask for fewer."
    )
    assert caught.value.facts == {"domain": "Sec", "needed": 5, "available": 4}
    assert (caught.value.code, caught.value.status) == ("not_enough_items", 409)


def test_short_bank_is_refused() -> None:
    with pytest.raises(NotEnoughItems) as caught:
        draw_form(_bank(), Blueprint(total=11), seed=1)
    assert caught.value.message == ("The blueprint asks for 11 items and the bank has 10. Add items or ask for fewer.")
    assert caught.value.facts == {"needed": 11, "available": 10}


def test_impossible_blueprints_and_repeated_items_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one item"):
        Blueprint({"Net": 0})
    with pytest.raises(ValueError, match="at least 0"):
        Blueprint({"Net": -1, "Sec": 2})
    with pytest.raises(ValueError, match="not the sum"):
        Blueprint({"Net": 1}, total=2)
    with pytest.raises(ValueError, match="twice"):
        draw_form([_item(1, "Net"), _item(1, "Net")], Blueprint(total=1), seed=1)


@pytest.mark.parametrize(
    ("weights", "total", "counts"),
    [
        ({"A": 20, "B": 20, "C": 20, "D": 20, "E": 20}, 60, {"A": 12, "B": 12, "C": 12, "D": 12, "E": 12}),
        ({"A": 45, "B": 30, "C": 25}, 10, {"A": 5, "B": 3, "C": 2}),
        ({"A": 1, "B": 1, "C": 1}, 10, {"A": 4, "B": 3, "C": 3}),
        ({"B": 1, "A": 1}, 1, {"B": 0, "A": 1}),
        ({"A": Decimal("22.5"), "B": Decimal("17.5"), "C": 60}, 40, {"A": 9, "B": 7, "C": 24}),
        ({"A": 0, "B": 5}, 3, {"A": 0, "B": 3}),
        ({"A": 47, "B": 16, "C": Decimal("15.8"), "D": 12, "E": Decimal("6.1"), "F": Decimal("3.1")}, 10, {
            "A": 5, "B": 2, "C": 1, "D": 1, "E": 1, "F": 0,
        }),
    ],
)  # fmt: skip
def test_weights_are_shared_out_by_largest_remainders(
    weights: dict[str, Decimal | int], total: int, counts: dict[str, int]
) -> None:
    assert largest_remainder(weights, total) == counts
    assert Blueprint.by_weight(weights, total).counts == counts


@settings(max_examples=200)
@given(st.dictionaries(st.text(max_size=3), st.integers(0, 1000), min_size=1, max_size=8), st.integers(0, 200))
def test_shared_out_counts_add_up_and_stay_within_one_of_the_share(weights: dict[str, int], total: int) -> None:
    if not sum(weights.values()):
        with pytest.raises(ValueError, match="above 0"):
            largest_remainder(weights, total)
        return
    counts = largest_remainder(weights, total)
    assert sum(counts.values()) == total
    whole = sum(weights.values())
    assert all(abs(counts[name] * whole - weights[name] * total) < whole for name in weights)
