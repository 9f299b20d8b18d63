"""What a response and an attempt are worth. Pure arithmetic on exact numbers."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction

from certification.bank.content import (
    AcceptedAnswer,
    Essay,
    ItemContent,
    Matching,
    MultipleChoice,
    Numeric,
    NumericAnswer,
    ShortAnswer,
    SingleChoice,
    TrueFalse,
)
from certification.exams.responses import Response

# Item scores keep six decimals, as the database does.
SCORE_STEP = Decimal("0.000001")
# At most 26 options make denominators of at most 13 x 13. Two different such fractions lie 1/169² (0.000035) apart, so
# six decimals tell exactly which one was meant: three thirds are a whole again when an attempt is added up.
_MAX_DENOMINATOR = 169
PERCENT_STEP = Decimal("0.01")
# Numbers span 1e-300 to 1e300 with up to 60 digits: sums of two are exact in this precision.
_EXACT = Context(prec=1000)


def _as_score(value: Fraction) -> Decimal:
    return _rounded(min(max(value, Fraction(0)), Fraction(1)), SCORE_STEP)


def _score_single(content: SingleChoice, response: Response) -> Fraction:
    chosen = next((option for option in content.options if option.id == response), None)
    if chosen is None:
        return Fraction(0)
    return Fraction(1) if chosen.correct else Fraction(chosen.fraction or 0)


def _score_multiple(content: MultipleChoice, response: Response) -> Fraction:
    chosen = set(response) if isinstance(response, list) else set()
    right = {option.id for option in content.options if option.correct}
    wrong = len(content.options) - len(right)
    if chosen == right:
        return Fraction(
            1
        )  # Weights are written rounded (33.33333 %); choosing exactly what is right is worth all of it.
    total = Fraction(0)
    for option in content.options:
        if option.id in chosen:
            default = Fraction(1, len(right)) if option.correct else Fraction(-1, wrong)
            total += default if option.fraction is None else Fraction(option.fraction)
    return total


def accepts_number(answer: NumericAnswer, value: Decimal) -> bool:
    """Return whether `value` lies within the answer's bounds, which count as inside."""
    with localcontext(_EXACT):
        if answer.value is not None:
            tolerance = answer.tolerance or Decimal(0)
            return answer.value - tolerance <= value <= answer.value + tolerance
        return answer.minimum is not None and answer.maximum is not None and answer.minimum <= value <= answer.maximum


def _folded(text: str, case_sensitive: bool) -> str:
    text = " ".join(unicodedata.normalize("NFC", text).split())
    return text if case_sensitive else unicodedata.normalize("NFC", text.casefold())


def _pieces(pattern: str) -> list[str]:
    """Split at each `*` that no backslash precedes; `\\*` becomes a star."""
    return [piece.replace("\x00", "*") for piece in pattern.replace("\\*", "\x00").split("*")]


def accepts_text(answer: AcceptedAnswer, text: str, *, case_sensitive: bool) -> bool:
    """Return whether `text` fits the answer.

    Runs of space count as one, canonically equivalent characters (Unicode NFC) are alike, and so are cases unless told.
    Takes time linear in the text for each `*`: the earliest place for each piece is as good as any later one.
    """
    given = _folded(text, case_sensitive)
    first, *rest = _pieces(_folded(answer.text, case_sensitive))
    if not rest:
        return given == first
    *middle, last = rest
    if not given.startswith(first):
        return False
    position = len(first)
    for piece in middle:
        found = given.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return len(given) - len(last) >= position and given.endswith(last)


def _score_numeric(content: Numeric, response: str) -> Fraction:
    value = Decimal(response)
    fitting = (answer.fraction for answer in content.answers if accepts_number(answer, value))
    return Fraction(next(fitting, Decimal(0)))


def _score_short(content: ShortAnswer, response: str) -> Fraction:
    sensitive = content.case_sensitive
    fitting = (a.fraction for a in content.answers if accepts_text(a, response, case_sensitive=sensitive))
    return Fraction(next(fitting, Decimal(0)))


def _score_matching(content: Matching, response: Response) -> Fraction:
    given = response if isinstance(response, dict) else {}
    key = content.key()
    return Fraction(sum(given.get(left) == right for left, right in key.items()), len(key))


def score_response(content: ItemContent, response: Response) -> Decimal | None:
    """Return what a checked response earns, from 0 to 1, rounded half up to six decimals.

    None means that it waits for a grader: only an essay with something in it does, for no answer earns 0. `response`
    is what `check_response` returned.
    """
    if response is None:
        return Decimal(0)
    match content:
        case SingleChoice():
            return _as_score(_score_single(content, response))
        case MultipleChoice():
            return _as_score(_score_multiple(content, response))
        case TrueFalse():
            return Decimal(response is content.answer)
        case Numeric():
            return _as_score(_score_numeric(content, str(response)))
        case ShortAnswer():
            return _as_score(_score_short(content, str(response)))
        case Matching():
            return _as_score(_score_matching(content, response))
        case Essay():
            return None


@dataclass(frozen=True)
class ItemScore:
    """What one item of an attempt earned, from 0 to 1, and the domain it counts for; None waits for a grader."""

    domain: str
    score: Decimal | None


@dataclass(frozen=True)
class DomainScore:
    """Points earned of points possible in one domain, one point an item; `percent` rounded to 0.01."""

    earned: Decimal
    possible: int
    percent: Decimal


@dataclass(frozen=True)
class AttemptScore:
    """The result of an attempt. `percent` and `passed` are None while `waiting` items are with a grader."""

    earned: Decimal
    possible: int
    percent: Decimal | None
    passed: bool | None
    waiting: int
    domains: dict[str, DomainScore]


def exact_score(score: Decimal) -> Fraction:
    """Return the fraction that a score of six decimals stands for: 0.333333 is a third, 0.123457 is itself."""
    near = Fraction(score).limit_denominator(_MAX_DENOMINATOR)
    return near if abs(near - Fraction(score)) <= Fraction(SCORE_STEP) / 2 else Fraction(score)


def _rounded(value: Fraction, step: Decimal) -> Decimal:
    """Return a value of at least 0 rounded half up to a multiple of `step`."""
    return int(value / Fraction(step) + Fraction(1, 2)) * step


def _domain_score(points: Fraction, possible: int) -> DomainScore:
    return DomainScore(_rounded(points, SCORE_STEP), possible, _rounded(points * 100 / possible, PERCENT_STEP))


def score_attempt(scores: Iterable[ItemScore], cut_score: Decimal) -> AttemptScore:
    """Add up an attempt: every item is worth one point; `cut_score` is the percentage needed to pass, itself a pass.

    The percentage is shown rounded half up to 0.01, but passing is decided before that rounding: 69.996 % is shown as
    70.00 % and does not pass at 70. Domains come in the order in which they first appear. Items that wait count 0 in
    `earned` until they are marked. Raises ValueError for no items, or a score outside 0 to 1.
    """
    listed = list(scores)
    if not listed:
        raise ValueError("an attempt has at least one item")
    earned: dict[str, Fraction] = {}
    possible: dict[str, int] = {}
    for item in listed:
        if item.score is not None and not 0 <= item.score <= 1:
            raise ValueError("a score lies between 0 and 1")
        earned[item.domain] = earned.get(item.domain, Fraction(0)) + exact_score(item.score or Decimal(0))
        possible[item.domain] = possible.get(item.domain, 0) + 1
    waiting = sum(item.score is None for item in listed)
    total = sum(earned.values(), Fraction(0))
    percent = total * 100 / len(listed)
    return AttemptScore(
        earned=_rounded(total, SCORE_STEP),
        possible=len(listed),
        percent=None if waiting else _rounded(percent, PERCENT_STEP),
        passed=None if waiting else percent >= Fraction(cut_score),
        waiting=waiting,
        domains={name: _domain_score(points, possible[name]) for name, points in earned.items()},
    )
