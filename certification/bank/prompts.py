"""The texts of an item: prompt, options and feedback, each with the format it was written in, shown as safe HTML."""

import html
import re
from enum import StrEnum
from html.parser import HTMLParser
from typing import Annotated, Self

import nh3
from markdown_it import MarkdownIt
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, field_validator

from core.i18n import gettext as _

MAX_TEXT = 20_000
_INLINE_TAGS = {"b", "br", "code", "del", "em", "i", "kbd", "s", "small", "span", "strong", "sub", "sup", "u", "var"}
_BLOCK_TAGS = {
    *("blockquote", "caption", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p"),
    *("pre", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ALLOWED_TAGS = _INLINE_TAGS | _BLOCK_TAGS
_ALLOWED_ATTRIBUTES = {
    "*": {"lang", "dir"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
# Everything below U+0020 but tab and newline, DEL, and lone surrogates: none can be shown, and PostgreSQL refuses NUL.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# HTML inside Markdown is shown as typed: one way to write markup is enough, and nothing can hide in a comment.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


class TextFormat(StrEnum):
    """How a text is written. `moodle` is HTML in which a line break counts, as Moodle's auto-format has it."""

    MARKDOWN = "markdown"
    HTML = "html"
    MOODLE = "moodle"
    PLAIN = "plain"


def clean_text(value: str) -> str:
    """Return `value` with `\\n` line breaks and without surrounding space.

    Raises ValueError for NUL, other control characters and lone surrogates.
    """
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in value:
        raise ValueError(_("The text holds a NUL character; remove it."))
    if found := UNPRINTABLE.search(value):
        code = f"U+{ord(found.group()):04X}"
        raise ValueError(_("The text holds the control character {code}; remove it.").format(code=code))
    return value.strip()


class ItemText(BaseModel):
    """One text of an item: at most 20,000 characters of `source`, written in `format`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    source: str
    format: TextFormat = TextFormat.MARKDOWN

    @field_validator("source")
    @classmethod
    def _is_printable(cls, value: str) -> str:
        value = clean_text(value)
        if len(value) > MAX_TEXT:
            raise ValueError(_("The text is longer than {limit} characters.").format(limit=MAX_TEXT))
        return value

    @classmethod
    def of(cls, source: str, fmt: TextFormat = TextFormat.MARKDOWN) -> Self:
        """Return the text; raises pydantic's ValidationError as the constructor does."""
        return cls(source=source, format=fmt)

    @property
    def public_source(self) -> str:
        """The source that a learner may be given: HTML is sanitised, so that no comment or script travels with it."""
        is_html = self.format in (TextFormat.HTML, TextFormat.MOODLE)
        return sanitise(self.source) if is_html else self.source

    def as_html(self, *, inline: bool = False) -> str:
        """Return the sanitised HTML; `inline` leaves out the paragraph around a text of one line."""
        return render_prompt(self.source, self.format, inline=inline and "\n" not in self.source)


def _from_string(value: object) -> object:
    return {"source": value} if isinstance(value, str) else value


def _none_if_empty(value: ItemText | None) -> ItemText | None:
    return value if value is not None and value.source else None


def _not_empty(value: ItemText) -> ItemText:
    if not value.source:
        raise ValueError(_("Write a text here."))
    return value


# A plain string is accepted wherever a text is, as Markdown.
RequiredText = Annotated[ItemText, BeforeValidator(_from_string), AfterValidator(_not_empty)]
OptionalText = Annotated[ItemText | None, BeforeValidator(_from_string), AfterValidator(_none_if_empty)]


def sanitise(source: str) -> str:
    """Return HTML with nothing but the allowed tags; scripts, styles, comments, links and images are gone."""
    return nh3.clean(source, tags=ALLOWED_TAGS, attributes=_ALLOWED_ATTRIBUTES, link_rel=None, url_schemes=set())


def render_prompt(text: str, fmt: TextFormat, *, inline: bool = False) -> str:
    """Return `text`, written in `fmt`, as sanitised HTML; `inline` without a paragraph around it.

    Markdown is CommonMark with tables. Links and images are left out: an exam does not lead away from itself.
    """
    match fmt:
        case TextFormat.MARKDOWN:
            rendered = _MARKDOWN.renderInline(text) if inline else _MARKDOWN.render(text)
        case TextFormat.PLAIN:
            escaped = html.escape(text, quote=False).replace("\n", "<br>\n")
            rendered = escaped if inline else f"<p>{escaped}</p>"
        case TextFormat.MOODLE:
            rendered = text.replace("\n", "<br>\n")
        case TextFormat.HTML:
            rendered = text
    return sanitise(rendered).strip()


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)


def hidden_tags(text: ItemText) -> list[str]:
    """Return the names, sorted, of the HTML tags in `text` that a learner will not see."""
    if text.format not in (TextFormat.HTML, TextFormat.MOODLE):
        return []
    parser = _Tags()
    parser.feed(text.source)
    return sorted(parser.seen - ALLOWED_TAGS)
