"""What an item asks and what is right: one frozen model a type, with its key, and the view that a learner may have.

Fractions are parts of one item's credit: 1 is all of it, -1 takes all of it away.
"""

import hashlib
import string
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from certification.bank.prompts import ItemText, OptionalText, RequiredText, clean_text
from core.complaints import sentence
from core.errors import InvalidInput
from core.i18n import gettext as _

MAX_OPTIONS = 26
MAX_ANSWERS = 50
MAX_ANSWER_LENGTH = 500
MAX_ESSAY_LENGTH = 100_000
FRACTION_STEP = Decimal("0.0000000001")
# Weights are written with few digits (33.33333 %), so three of them may miss the whole by this much.
WEIGHT_SLACK = Decimal("0.001")


class ItemType(StrEnum):
    """The kinds of item, as the API names them."""

    SINGLE_CHOICE = "single_choice"
    MULTIPLE_CHOICE = "multiple_choice"
    TRUE_FALSE = "true_false"
    NUMERIC = "numeric"
    SHORT_ANSWER = "short_answer"
    MATCHING = "matching"
    ESSAY = "essay"


def _is_bounded(value: Decimal) -> Decimal:
    if len(value.as_tuple().digits) > 60 or (value and abs(value.adjusted()) > 300):
        raise ValueError(_("Write a number of at most 60 digits between 1e-300 and 1e300."))
    return value


Number = Annotated[Decimal, AfterValidator(_is_bounded)]
Fraction = Annotated[Decimal, Field(ge=-1, le=1, decimal_places=10)]
Credit = Annotated[Decimal, Field(ge=0, le=1, decimal_places=10)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Content(_Part):
    prompt: RequiredText
    feedback: OptionalText = None


class Option(_Part):
    """One option of a choice: `correct` is the key, `fraction` an explicit weight where the default is not wanted."""

    id: str = Field(pattern=r"^[a-z0-9]{1,8}$")
    text: RequiredText
    correct: bool = False
    fraction: Fraction | None = None
    feedback: OptionalText = None


def short_digest(text: str) -> str:
    """Return ten hexadecimal digits that depend on nothing but the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _source_of(option: Mapping[str, Any]) -> str:
    text = option.get("text")
    if isinstance(text, Mapping):
        text = text.get("source")
    return text.source if isinstance(text, ItemText) else str(text)


def assign_option_ids(options: object) -> object:
    """Give letters to options that have no id, in the order of a digest of their texts.

    Authors and export files tend to write the right option first, so letters in written order would tell the key.
    Anything that is not a list of mappings is returned as it is, for the models to refuse.
    """
    if not isinstance(options, list | tuple) or not all(isinstance(option, Mapping) for option in options):
        return options
    taken = {repr(option.get("id")) for option in options}
    letters = (letter for letter in string.ascii_lowercase if repr(letter) not in taken)
    filled = [dict(option) for option in options]
    nameless = [option for option in filled if option.get("id") is None]
    for option in sorted(nameless, key=lambda option: hashlib.sha256(repr(_source_of(option)).encode()).digest()):
        option["id"] = next(letters, "")
    return filled


def _refuse_repeats(texts: Iterable[str], message: str) -> None:
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            raise ValueError(message.format(text=text[:80]))
        seen.add(text)


class _Choice(_Content):
    options: tuple[Option, ...]
    shuffle: bool = True

    @field_validator("options", mode="before")
    @classmethod
    def _have_ids(cls, value: object) -> object:
        if isinstance(value, list | tuple) and len(value) > MAX_OPTIONS:
            raise ValueError(_("At most {limit} options are possible.").format(limit=MAX_OPTIONS))
        return assign_option_ids(value)

    @field_validator("options")
    @classmethod
    def _are_distinct(cls, value: tuple[Option, ...]) -> tuple[Option, ...]:
        if len(value) < 2:
            raise ValueError(_("At least two options are needed."))
        _refuse_repeats((option.id for option in value), _("Two options have the id “{text}”."))
        _refuse_repeats((option.text.source for option in value), _("Two options have the text “{text}”."))
        return value


class SingleChoice(_Choice):
    """One option is right; others may earn a part (`fraction` below 1)."""

    type: Literal[ItemType.SINGLE_CHOICE] = ItemType.SINGLE_CHOICE

    @field_validator("options")
    @classmethod
    def _have_one_key(cls, value: tuple[Option, ...]) -> tuple[Option, ...]:
        right = [option for option in value if option.correct]
        full = [option for option in value if option.fraction == 1 and not option.correct]
        if len(right) != 1 or full:
            found = len(right) + len(full)
            raise ValueError(_("Exactly one option must be right (full credit); {found} are.").format(found=found))
        if right[0].fraction not in (None, Decimal(1)):
            raise ValueError(_("The right option earns full credit; leave its weight empty."))
        # 1 for the right option and 0 for a wrong one are the defaults: one item, one way to say it.
        return tuple(
            option.model_copy(update={"fraction": None}) if option.correct or option.fraction == 0 else option
            for option in value
        )


class MultipleChoice(_Choice):
    """Any number of options are right. Without weights each right one earns 1/right, each wrong one costs 1/wrong.

    With weights every option has one and the positive ones add up to 1. A total below 0 counts as 0.
    """

    type: Literal[ItemType.MULTIPLE_CHOICE] = ItemType.MULTIPLE_CHOICE

    @field_validator("options")
    @classmethod
    def _have_keys(cls, value: tuple[Option, ...]) -> tuple[Option, ...]:
        if not any(option.correct for option in value):
            raise ValueError(_("At least one option must be right."))
        weights = [option.fraction for option in value if option.fraction is not None]
        if not weights:
            return value
        if len(weights) != len(value):
            raise ValueError(_("Give every option a weight, or none."))
        if any(option.correct != (option.fraction is not None and option.fraction > 0) for option in value):
            raise ValueError(_("An option is right exactly when its weight is above 0."))
        total = sum((weight for weight in weights if weight > 0), Decimal(0))
        if abs(total - 1) > WEIGHT_SLACK:
            percent = f"{(total * 100).normalize():f}"
            raise ValueError(
                _("The weights of the right options add up to {percent} %, not 100 %.").format(percent=percent)
            )
        return value


class TrueFalse(_Content):
    """A statement that is true or false."""

    type: Literal[ItemType.TRUE_FALSE] = ItemType.TRUE_FALSE
    answer: bool = Field(strict=True)
    right_feedback: OptionalText = None
    wrong_feedback: OptionalText = None


class NumericAnswer(_Part):
    """An accepted number: `value` give or take `tolerance`, or from `minimum` to `maximum`; bounds count as inside."""

    value: Number | None = None
    tolerance: Annotated[Number, Field(ge=0)] | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    fraction: Credit = Decimal(1)
    feedback: OptionalText = None

    @model_validator(mode="after")
    def _is_value_or_range(self) -> Self:
        if self.value is not None:
            if self.minimum is not None or self.maximum is not None:
                raise ValueError(_("Give a value with a tolerance, or a minimum and a maximum, not both."))
        elif self.minimum is None or self.maximum is None or self.tolerance is not None:
            raise ValueError(_("Give a value with a tolerance, or a minimum and a maximum."))
        elif self.minimum > self.maximum:
            raise ValueError(_("The minimum is above the maximum."))
        return self


class Numeric(_Content):
    """A number; the first accepted answer that it fits decides."""

    type: Literal[ItemType.NUMERIC] = ItemType.NUMERIC
    answers: tuple[NumericAnswer, ...] = Field(max_length=MAX_ANSWERS)
    wrong_feedback: OptionalText = None

    @field_validator("answers")
    @classmethod
    def _can_be_right(cls, value: tuple[NumericAnswer, ...]) -> tuple[NumericAnswer, ...]:
        if not any(answer.fraction == 1 for answer in value):
            raise ValueError(_("At least one answer must earn full credit."))
        return value


class AcceptedAnswer(_Part):
    """An accepted wording; `*` stands for any run of characters, `\\*` for a star."""

    text: str = Field(max_length=MAX_ANSWER_LENGTH)
    fraction: Credit = Decimal(1)
    feedback: OptionalText = None

    @field_validator("text")
    @classmethod
    def _is_written(cls, value: str) -> str:
        value = clean_text(value)
        if not value:
            raise ValueError(_("Write a text here."))
        return value


class ShortAnswer(_Content):
    """A word or phrase; the first accepted answer that it fits decides."""

    type: Literal[ItemType.SHORT_ANSWER] = ItemType.SHORT_ANSWER
    answers: tuple[AcceptedAnswer, ...] = Field(max_length=MAX_ANSWERS)
    case_sensitive: bool = False

    @field_validator("answers")
    @classmethod
    def _can_be_right(cls, value: tuple[AcceptedAnswer, ...]) -> tuple[AcceptedAnswer, ...]:
        _refuse_repeats((answer.text for answer in value), _("The answer “{text}” is there twice."))
        if not any(answer.fraction == 1 for answer in value):
            raise ValueError(_("At least one answer must earn full credit."))
        return value


class Pair(_Part):
    """A left side and the right side that belongs to it."""

    left: RequiredText
    right: RequiredText


class Matching(_Content):
    """Each left side belongs to one right side; pairs may share one, and distractors belong to none."""

    type: Literal[ItemType.MATCHING] = ItemType.MATCHING
    pairs: tuple[Pair, ...] = Field(max_length=MAX_OPTIONS)
    distractors: tuple[RequiredText, ...] = Field(default=(), max_length=MAX_OPTIONS)

    @field_validator("pairs")
    @classmethod
    def _are_distinct(cls, value: tuple[Pair, ...]) -> tuple[Pair, ...]:
        if len(value) < 2:
            raise ValueError(_("At least two pairs are needed."))
        _refuse_repeats((pair.left.source for pair in value), _("The left side “{text}” is there twice."))
        return value

    @model_validator(mode="after")
    def _offers_a_choice(self) -> Self:
        if len({text.source for text in self.rights()}) < 2:
            raise ValueError(_("At least two different right sides are needed."))
        rights = dict.fromkeys(pair.right.source for pair in self.pairs)
        repeated = _("The distractor “{text}” is there twice or is a right side already.")
        _refuse_repeats([*rights, *(text.source for text in self.distractors)], repeated)
        return self

    def left_ids(self) -> list[str]:
        """Return the ids of the left sides, `a`, `b` and so on, in written order."""
        return list(string.ascii_lowercase[: len(self.pairs)])

    def rights(self) -> list[ItemText]:
        """Return every different right side, distractors included, in an order that tells nothing about the pairs."""
        by_text = {text.source: text for text in [*(pair.right for pair in self.pairs), *self.distractors]}
        return [by_text[source] for source in sorted(by_text, key=short_digest)]

    def key(self) -> dict[str, str]:
        """Return the right id that belongs to each left id."""
        return {left: short_digest(pair.right.source) for left, pair in zip(self.left_ids(), self.pairs, strict=True)}


class Essay(_Content):
    """A text that a grader marks, with `guidance` for the grader and a limit in characters."""

    type: Literal[ItemType.ESSAY] = ItemType.ESSAY
    guidance: OptionalText = None
    max_length: int = Field(default=20_000, ge=1, le=MAX_ESSAY_LENGTH)


ItemContent = Annotated[
    SingleChoice | MultipleChoice | TrueFalse | Numeric | ShortAnswer | Matching | Essay, Field(discriminator="type")
]
_ADAPTER: TypeAdapter[ItemContent] = TypeAdapter(ItemContent)


def content_errors(error: ValidationError) -> dict[str, str]:
    """Return each wrong field's path (`options.1.text`) and what is wrong with it."""
    fields: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False):
        path = [str(part) for part in detail["loc"] if part not in tuple(ItemType)]
        if path and path[-1] == "source":
            path.pop()
        fields.setdefault(".".join(path) or "content", sentence(detail))
    return fields


def parse_content(value: object) -> ItemContent:
    """Return the content that `value` (as stored, or as sent by an author) describes.

    Raises InvalidInput that names each wrong field.
    """
    try:
        return _ADAPTER.validate_python(value)
    except ValidationError as error:
        raise InvalidInput(content_errors(error)) from None


def dump_content(content: ItemContent) -> dict[str, Any]:
    """Return the content as JSON values, decimals as strings; `parse_content` reads them back."""
    # Any: the shape differs by type and the JSON column takes it as it is.
    return content.model_dump(mode="json")


def _shown(identifier: str, text: ItemText) -> dict[str, str]:
    return {"id": identifier, "text": text.public_source, "text_html": text.as_html(inline=True)}


def _ordered(ids: Sequence[str], order: Sequence[str]) -> Sequence[str]:
    """Return `order` when it names exactly these ids, else raise ValueError: a form never drops an option."""
    if order and sorted(order) != sorted(ids):
        raise ValueError("the order does not name exactly the ids of this item")
    return order or sorted(ids)


def public_view(
    content: ItemContent, option_order: Sequence[str] = (), right_order: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what a learner may see of an item: `type, prompt, prompt_html` and `options`, or `left` and `right`.

    `option_order` and `right_order` are the form's; without them the order is that of the ids, which tells nothing.
    Never a key, a weight, a tolerance, feedback or guidance. Raises ValueError for an order of another item.
    """
    # Any: JSON values for the client.
    view: dict[str, Any] = {
        "type": content.type.value,
        "prompt": content.prompt.public_source,
        "prompt_html": content.prompt.as_html(),
    }
    if isinstance(content, SingleChoice | MultipleChoice):
        options = {option.id: option.text for option in content.options}
        view["options"] = [_shown(key, options[key]) for key in _ordered(list(options), option_order)]
    elif isinstance(content, Matching):
        lefts = dict(zip(content.left_ids(), (pair.left for pair in content.pairs), strict=True))
        rights = {short_digest(text.source): text for text in content.rights()}
        view["left"] = [_shown(key, lefts[key]) for key in _ordered(list(lefts), option_order)]
        view["right"] = [_shown(key, rights[key]) for key in _ordered(list(rights), right_order)]
    return view
