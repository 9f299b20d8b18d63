"""What the editor of layouts shows: the page as a picture with a handle for each element, and the form's controls."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.pages import layout_fields
from api.pages.layout_form import Draft
from api.pages.words import language_name
from api.render import FormState
from certification.layouts import placeholders, previews, queries, words
from certification.layouts.definition import LayoutDefinition
from certification.layouts.legibility import Faint, faint
from certification.layouts.models import Layout
from certification.layouts.samples import SampleHolder, sample
from certification.layouts.schemas import SampleQuery
from core.errors import AppError, InvalidInput
from core.i18n import direction
from core.i18n import gettext as _

WIDTH = 1240
"""Pixels of the preview: sharp on a phone and on a screen of twice the density at half the size."""


@dataclass(frozen=True, slots=True)
class Handle:
    """Where an element lies on the picture, in millimetres from its upper left corner."""

    number: int
    label: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Preview:
    """The page as a `data:` address where it can be set, and the problems (field, sentence) that keep it unsaved."""

    width: float
    height: float
    picture: str | None
    is_mirrored: bool
    handles: tuple[Handle, ...]
    problems: tuple[tuple[str, str], ...]
    faint: tuple[Faint, ...]


async def preview(layout: Layout, draft: Draft, asked: SampleQuery) -> Preview:
    """The draft set with the sample that is asked for, also where it breaks rules of the whole page only."""
    facts = sample(layout.organization, asked.kind, asked.holder, asked.language)
    is_mirrored = direction(asked.language) == "rtl"
    problems: dict[str, str] = {}
    definition: LayoutDefinition | None = None
    try:
        definition = draft.read()
    except InvalidInput as error:
        problems = error.fields
        definition = draft.drawn() if set(problems) == {""} else None
    content: bytes | None = None
    try:
        if definition is not None:
            organization_id = layout.organization_id
            content = await previews.picture(definition, facts, organization_id=organization_id, width=WIDTH)
    except InvalidInput as error:
        problems = problems | error.fields
    if definition is None or content is None:
        return Preview(*draft.size(), None, is_mirrored, (), tuple(problems.items()), ())
    address = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    handles, weak = tuple(_handles(definition, is_mirrored)), tuple(faint(definition, facts.accent))
    return Preview(*definition.size, address, is_mirrored, handles, tuple(problems.items()), weak)


async def designer(
    layout: Layout,
    draft: Draft,
    asked: SampleQuery,
    *,
    seen: int | None,
    opened: int | None,
    opens: set[int],
    error: AppError | None,
) -> dict[str, Any]:
    """Everything that the editor's template needs to show `draft`. `opened` takes the focus, `opens` stand open."""
    shown = await preview(layout, draft, asked)
    errors = error.fields if isinstance(error, InvalidInput) else dict(shown.problems)
    form = FormState(draft.values(), errors, error.message if error is not None and not errors else "")
    return {
        "form": form,
        "preview": shown,
        "seen": seen,
        "asked": asked,
        "opened": opened,
        "is_open": [_is_open(number, opened, opens, errors) for number in range(len(draft.elements))],
        "has_errors": lambda path: any(name.startswith(path) for name in errors),
        "is_refused": error is not None,
        "elements": draft.elements,
        "fields": layout_fields,
        "kinds": layout_fields.kind_names(),
        "colours": layout_fields.colour_names(),
        "typefaces": layout_fields.typeface_names(),
        "place_fields": layout_fields.place_fields(),
        "pictures": await _pictures(layout, draft),
        "holders": _holders(),
        "languages": _languages(asked.language),
        "placeholders": placeholders.names(),
        "words": words.words_in(asked.language),
    }


def _is_open(number: int, opened: int | None, opens: set[int], errors: Mapping[str, str]) -> bool:
    has_error = any(name == f"elements.{number}" or name.startswith(f"elements.{number}.") for name in errors)
    return number == opened or has_error or (opened is None and number in opens)


def _handles(definition: LayoutDefinition, is_mirrored: bool) -> list[Handle]:
    names = layout_fields.kind_names()
    found = []
    for number, each in enumerate(definition.elements):
        x = definition.size[0] - each.x - each.width if is_mirrored else each.x
        label = f"{names[each.kind][0]}: {each.id}"
        found.append(Handle(number, label, x, each.y, max(each.width, 1.5), max(each.height, 1.5)))
    return found


async def _pictures(layout: Layout, draft: Draft) -> list[tuple[str, str]]:
    """The pictures to choose from: those on offer, and archived ones that the draft shows already."""
    shown = {each.fields.get("picture", "") for each in draft.elements} | {draft.head["background_picture"]}
    archived = await queries.pictures(layout.organization_id, archived=True)
    found = [*await queries.pictures(layout.organization_id), *(one for one in archived if str(one.id) in shown)]
    return [("", _("None")), *((str(one.id), one.name) for one in found)]


def _holders() -> list[tuple[str, str]]:
    words = {
        SampleHolder.usual: _("A usual name"),
        SampleHolder.short: _("A short name"),
        SampleHolder.long: _("A very long name"),
        SampleHolder.arabic: _("An Arabic name"),
        SampleHolder.thai: _("A Thai name"),
        SampleHolder.chinese: _("A Chinese name"),
    }
    return [(holder.value, text) for holder, text in words.items()]


def _languages(chosen: str) -> list[tuple[str, str]]:
    tags = dict.fromkeys((*words.languages(), chosen))
    return sorted(((tag, language_name(tag)) for tag in tags), key=lambda pair: pair[1])
