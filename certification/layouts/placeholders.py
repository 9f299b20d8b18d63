"""Texts with placeholders: a small part of Jinja2, in its sandbox, that only these names and filters know.

A template may hold `{{ name }}`, filters and `{% if %}`: no loops, calls, arithmetic, attributes or assignments. So
the work of one is bounded by its length, and nothing but the facts can come out of it.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from certification.layouts.facts import DocumentFacts
from certification.layouts.words import sentences_in, words_in
from core.i18n import gettext as _

_DATE_FORMATS = ("short", "medium", "long", "full")
_DEEPEST = 12  # nested conditions or brackets
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Concat,
    nodes.Filter,
    nodes.Getattr,
)


class TemplateProblem(ValueError):
    """A text that cannot be used; the message says what to change."""


class UnknownPlaceholder(TemplateProblem):
    """A text asks for what no document knows."""

    def __init__(self, name: str) -> None:
        near = get_close_matches(name, [*names(), *(f"words.{word}" for word in words_in("en"))], n=1)
        hint = _(" Did you mean {{ %(near)s }}?") % {"near": near[0]} if near else ""
        super().__init__(_("There is no placeholder {{ %(name)s }}.") % {"name": name} + hint)
        self.name = name


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day that writes itself in full in the document's language; the filter `date` writes it otherwise."""

    day: date
    language: str

    def __str__(self) -> str:
        return written(self.day, self.language)


def names() -> dict[str, str]:
    """Every placeholder and what it stands for, in the reader's language. `words.…` are in `words_in`."""
    return {
        "holder_name": _("The holder's name"),
        "achievement": _("The certification, or the event attended"),
        "statement": _("What the certificate states about the holder"),
        "organization": _("The organization that issues it"),
        "initials": _("The organization's initials"),
        "number": _("The certificate's number"),
        "achieved_on": _("Day of passing or attending"),
        "issued_on": _("Day of issue"),
        "valid_until": _("Last day of validity, if any"),
        "score": _("Score in percent, if shown"),
        "hours": _("Hours attended, if counted"),
        "credits": _("Credits earned, if any"),
        "event": _("The event's name, if any"),
        "event_place": _("Where the event took place, if known"),
        "event_dates": _("The event's days, if any"),
        "predecessor_number": _("Number of the certificate that this one replaces or renews, if any"),
        "replaces": _("A sentence that names that certificate, if any"),
        "verify_url": _("Address of the verification page"),
        "verify_at": _("A sentence with that address"),
        "kind": _("“certification” or “attendance”"),
        "language": _("The document's language, such as en"),
    }


def values_of(facts: DocumentFacts) -> dict[str, Any]:
    """What each placeholder stands for in a document; what does not apply is blank, and false in a condition."""
    language = facts.language
    verify_at, replaces = sentences_in(language)
    predecessor = facts.predecessor_number or ""
    return {
        "holder_name": facts.holder_name,
        "achievement": facts.achievement,
        "statement": facts.statement,
        "organization": facts.organization,
        "initials": initials_of(facts.organization),
        "number": facts.number,
        "achieved_on": Day(facts.achieved_on, language),
        "issued_on": Day(facts.issued_on, language),
        "valid_until": Day(facts.valid_until, language) if facts.valid_until else "",
        "score": _percent(facts.score, language),
        "hours": _number(facts.hours, language),
        "credits": _number(facts.credits, language),
        "event": facts.event or "",
        "event_place": facts.event_place or "",
        "event_dates": facts.event_dates or "",
        "predecessor_number": predecessor,
        "replaces": replaces % {"number": predecessor} if predecessor else "",
        "verify_url": facts.verify_url,
        "verify_at": verify_at % {"address": facts.verify_url},
        "kind": facts.kind,
        "language": language,
        "words": words_in(language, facts.source),
    }


def check(template: str) -> None:
    """Raise `TemplateProblem`, or `UnknownPlaceholder` naming it, where a text may not be used in a layout."""
    _compiled(template)


def names_in(template: str) -> frozenset[str]:
    """The placeholders that a text uses, without words. Raises like `check`."""
    return _compiled(template)[1]


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """The text with `values_of` a document in it. Raises like `check`."""
    return _compiled(template)[0].render(values)


def written(day: date, language: str, style: str = "long") -> str:
    """A day in `language`; in English where Babel does not know the language."""
    return _written(day, language, style)


@lru_cache(maxsize=512)
def _written(day: date, language: str, style: str) -> str:
    return format_date(day, style, _locale(language))


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def initials_of(name: str) -> str:
    """Up to three capitals of a name in a script that has them, else its first letter with its marks."""
    words = name.split()
    capitals = [word[0] for word in words if word[0].isupper()]
    if capitals or not words:
        return "".join(capitals[:3])
    first = words[0]
    end = next((index for index in range(1, len(first)) if unicodedata.category(first[index])[0] != "M"), len(first))
    return first[:end]


def _number(value: Decimal | None, language: str) -> str:
    return "" if value is None else format_decimal(value, "#,##0.##", _locale(language))


def _percent(score: str | None, language: str) -> str:
    """A percentage for the reader; a score that is no number is written as it is."""
    if not score:
        return ""
    try:
        share = round(Decimal(score) / 100, 4).normalize()
    except InvalidOperation:
        return score
    return format_percent(share, locale=_locale(language), decimal_quantization=False)


def _dated(value: object, style: str = "long") -> str:
    return written(value.day, value.language, style) if isinstance(value, Day) else str(value)


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)
    known = made.filters
    made.filters = {name: known[name] for name in ("upper", "lower", "capitalize", "title", "trim", "default")}
    made.filters["date"] = _dated
    made.globals.clear()
    made.tests.clear()
    return made


_ENVIRONMENT = _environment()


@lru_cache(maxsize=4096)
def _compiled(template: str) -> tuple[Template, frozenset[str]]:
    try:
        tree = _ENVIRONMENT.parse(template)
        used = frozenset(_inspected(tree, 0))
        return _ENVIRONMENT.from_string(tree), used
    except TemplateSyntaxError as problem:
        raise TemplateProblem(
            _("The placeholders cannot be read: %(problem)s") % {"problem": problem.message}
        ) from None
    except (RecursionError, SyntaxError, MemoryError, OverflowError):
        raise TemplateProblem(_too_deep()) from None


def _too_deep() -> str:
    return _("This text nests conditions too deeply.")


def _inspected(node: nodes.Node, depth: int) -> Iterator[str]:
    """Walk a template, refuse what may not be in it, and yield the placeholders that it uses."""
    if depth > _DEEPEST:
        raise TemplateProblem(_too_deep())
    if not isinstance(node, _ALLOWED):
        raise TemplateProblem(
            _("“%(what)s” is not possible here: use placeholders, filters and conditions only.")
            % {"what": type(node).__name__.lower()}
        )
    if isinstance(node, nodes.Getattr):
        _check_word(node)
        return
    if isinstance(node, nodes.Name):
        if node.name not in names() or node.ctx != "load":
            raise UnknownPlaceholder(node.name)
        yield node.name
    if isinstance(node, nodes.Filter):
        _check_filter(node)
    for child in node.iter_child_nodes():
        yield from _inspected(child, depth + 1)


def _check_word(node: nodes.Getattr) -> None:
    if not isinstance(node.node, nodes.Name):
        raise TemplateProblem(_("A placeholder has no parts."))
    if node.node.name != "words" or node.attr not in words_in("en"):
        raise UnknownPlaceholder(f"{node.node.name}.{node.attr}")


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in _ENVIRONMENT.filters:
        known = ", ".join(sorted(_ENVIRONMENT.filters))
        raise TemplateProblem(
            _("There is no filter “%(name)s”; there are %(known)s.") % {"name": node.name, "known": known}
        )
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not all(isinstance(each, nodes.Const) for each in node.args):
        raise TemplateProblem(_("A filter takes plain values only."))
    values = [each.value for each in node.args if isinstance(each, nodes.Const)]
    if node.name == "date" and (len(values) > 1 or any(value not in _DATE_FORMATS for value in values)):
        raise TemplateProblem(_("The filter “date” takes short, medium, long or full."))
    if (node.name == "default" and len(values) not in (1, 2)) or (node.name not in ("date", "default") and values):
        raise TemplateProblem(_("The filter “%(name)s” takes other values.") % {"name": node.name})
