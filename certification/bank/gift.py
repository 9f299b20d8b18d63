"""Reading items from GIFT, Moodle's text format for questions (MoodleDocs, "GIFT format"), with a report per item.

Items are parted by blank lines; `gift_answers` reads what stands between the braces. Nothing is lost silently: each
piece of the file is an entry that was taken, changed (and says what) or refused (and says why).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from certification.bank.content import ItemContent, ItemType, content_errors, parse_content
from certification.bank.gift_answers import Fields, Reading, Refused, read_answers
from certification.bank.gift_text import NONCHARACTERS, hold_escapes, read_format, release
from certification.bank.prompts import TextFormat, clean_text
from core.errors import InvalidInput
from core.i18n import gettext as _

MAX_FILE_BYTES = 5_000_000
MAX_ITEMS = 5_000
MAX_ITEM_LENGTH = 200_000
MAX_TITLE = 200
MAX_COMMENT = 2_000
GAP = "_____"
SETTINGS_MARK = "confero:"
# What GIFT cannot say travels in a comment, `// confero: {...}`, which other programs pass over.
SETTINGS: dict[ItemType, frozenset[str]] = {
    ItemType.ESSAY: frozenset({"guidance", "max_length"}),
    ItemType.SHORT_ANSWER: frozenset({"case_sensitive"}),
    ItemType.SINGLE_CHOICE: frozenset({"shuffle"}),
    ItemType.MULTIPLE_CHOICE: frozenset({"shuffle", "default_weights"}),
}
_TAG = re.compile(r"\[tag:((?:\\.|[^\\\]]){1,200})\]")
_TITLE = re.compile(r"\s*::(.*?)::", re.DOTALL)
_CATEGORY = re.compile(r"\s*\$CATEGORY:(.*)")
_STRAY = frozenset("\"'`;}\\")
_MARKUP = re.compile(r"<[^<>]*>")


class Outcome(StrEnum):
    """What became of one item of the file."""

    TAKEN = "taken"
    CHANGED = "changed"
    REFUSED = "refused"


class GiftItem(BaseModel):
    """An item as a GIFT file has it: a title of one line, its category's path, its tags, and its content."""

    model_config = ConfigDict(frozen=True)
    title: str
    category: str = ""
    tags: tuple[str, ...] = ()
    content: ItemContent

    @field_validator("title", "category")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        return " ".join(clean_text(value).split())


class ImportEntry(BaseModel):
    """What became of one item: `index` counts from 1, `line` is the line of the file on which it starts."""

    model_config = ConfigDict(frozen=True)
    index: int
    line: int
    title: str
    outcome: Outcome
    item: GiftItem | None
    messages: list[str]


class ImportReport(BaseModel):
    """One entry for each item of the file, in its order."""

    model_config = ConfigDict(frozen=True)
    entries: list[ImportEntry]

    @property
    def items(self) -> list[GiftItem]:
        """The items that can be added to the bank."""
        return [entry.item for entry in self.entries if entry.item is not None]

    def count(self, outcome: Outcome) -> int:
        """Return how many items had this outcome."""
        return sum(entry.outcome is outcome for entry in self.entries)


@dataclass
class _Block:
    line: int
    category: str
    lines: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def decode_gift(source: bytes) -> str:
    """Return the text of a GIFT file; raises InvalidInput for `file`, naming the line that is not UTF-8."""
    if len(source) > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // 1_000_000
        raise InvalidInput({"file": _("The file is larger than {limit} MB; split it.").format(limit=limit)})
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        message = _("Line {line} is not UTF-8 text. Save the file as UTF-8 and import it again.")
        raise InvalidInput({"file": message.format(line=line)}) from None


def _blocks(text: str) -> Iterator[_Block]:
    """Yield the pieces between blank lines; a `$CATEGORY:` line parts like a blank one and names what follows."""
    category = ""
    block = _Block(0, category)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate([*lines, ""], start=1):
        found = _CATEGORY.match(line)
        if found or not line.strip():
            if block.lines:
                yield block
            category = found[1].strip() if found else category
            block = _Block(0, category)
        elif line.lstrip().startswith("//"):
            block.comments.append(line.strip()[2:].strip())
        else:
            block.line = block.line or number
            block.lines.append(line)


def _is_stray(before: str, tail: str) -> bool:
    """Whether what follows the answers is no part of the prompt, such as `";` left over from program text."""
    tail = "".join(tail.split())
    closes_quote = tail in ('"', "'") and before.count(tail) % 2 == 1
    return bool(tail) and set(tail) <= _STRAY and not closes_quote


def _take_apart(held: str, reading: Reading) -> tuple[str, str]:
    """Return prompt and answer block; text on both sides of the braces makes a gap in the prompt."""
    before, opening, rest = held.partition("{")
    answers, closing, tail = rest.partition("}")
    if "}" in before:
        raise Refused(_("A closing brace } has no opening brace; write \\} where it is part of the text."))
    if not opening:
        raise Refused(_("There is no answer block in braces: this is a description, not an exam item."))
    if not closing:
        raise Refused(_("The opening brace is not closed before the next blank line; an item holds no blank lines."))
    if "{" in answers:
        raise Refused(_("There is a brace { inside the answers; write \\{ and \\} where they are part of the text."))
    if _is_stray(before, tail):
        reading.change(_("Left out after the closing brace: “{text}”.").format(text=release(tail.strip())))
        tail = ""
    if "{" in tail or "}" in tail:
        raise Refused(_("There is a second answer block; put a blank line between two items."))
    return (f"{before}{GAP}{tail}" if tail.strip() else before), answers


def _read_title(held: str, reading: Reading) -> tuple[str, str]:
    """Return the written title, if any, and what follows it."""
    found = _TITLE.match(held)
    if not found:
        if held.lstrip().startswith("::"):
            reading.change(_("The title is not closed with “::”; it was kept as part of the prompt."))
        return "", held
    title = " ".join(clean_text(release(found[1])).split())
    if len(title) > MAX_TITLE:
        reading.change(_("The title was cut to {limit} characters.").format(limit=MAX_TITLE))
    return title[:MAX_TITLE].strip(), held[found.end() :]


def _title_from(prompt: str) -> str:
    words = " ".join(_MARKUP.sub(" ", prompt).split())
    return words if len(words) <= 80 else f"{words[:79].rstrip()}…"


def _apply_settings(fields: Fields, comments: list[str], reading: Reading) -> None:
    for comment in comments:
        if not comment.startswith(SETTINGS_MARK):
            continue
        try:
            settings = json.loads(comment.removeprefix(SETTINGS_MARK))
        except (ValueError, RecursionError):
            settings = None
        if not isinstance(settings, dict) or not settings.keys() <= SETTINGS.get(fields["type"], frozenset()):
            reading.change(
                _("The settings in this comment do not fit and were left out: “{text}”.").format(text=comment)
            )
            continue
        if settings.pop("default_weights", False):
            fields["options"] = [option | {"fraction": None} for option in fields["options"]]
        fields.update(settings)


def _read_content(held: str, comments: list[str], reading: Reading) -> ItemContent:
    """Return the content of an item without its title; raises Refused, InvalidInput or ValidationError."""
    prompt, answers = _take_apart(held, reading)
    reading.fmt = read_format(prompt, TextFormat.MOODLE)[1]
    answers, general, feedback = answers.partition("####")
    # Any: fields that parse_content validates.
    fields: dict[str, Any] = {"prompt": reading.text(prompt, TextFormat.MOODLE)}
    fields |= read_answers(answers, reading)
    fields["feedback"] = reading.feedback(feedback.strip() if general else None)
    _apply_settings(fields, comments, reading)
    return parse_content(fields)


def _tags(comments: list[str]) -> tuple[str, ...]:
    found = (
        tag
        for comment in comments
        if not comment.startswith(SETTINGS_MARK)
        for tag in _TAG.findall(comment[:MAX_COMMENT])
    )
    return tuple(dict.fromkeys(re.sub(r"\\(.)", r"\1", tag).strip() for tag in found))


def _read_block(index: int, block: _Block) -> ImportEntry:
    text = "\n".join(block.lines)
    title, reading = "", Reading()
    try:
        if NONCHARACTERS.search(text):
            raise Refused(_("The text holds a character from U+FDD0 to U+FDD8, which is none; remove it."))
        if len(text) > MAX_ITEM_LENGTH:
            raise Refused(_("The item is longer than {limit} characters.").format(limit=MAX_ITEM_LENGTH))
        clean_text(text)
        title, rest = _read_title(hold_escapes(text), reading)
        content = _read_content(rest, block.comments, reading)
        title = title or _title_from(content.prompt.source)
        item = GiftItem(title=title, category=block.category, tags=_tags(block.comments), content=content)
    except Refused as reason:
        reading.note(str(reason))
    except (InvalidInput, ValidationError) as error:
        wrong = error.fields if isinstance(error, InvalidInput) else content_errors(error)
        for name, message in wrong.items():
            reading.note(f"{name}: {message}")
    except ValueError as reason:
        reading.note(str(reason))
    else:
        outcome = Outcome.CHANGED if reading.is_changed else Outcome.TAKEN
        return ImportEntry(
            index=index, line=block.line, title=title, outcome=outcome, item=item, messages=reading.notes
        )
    shown = title or _title_from(_printable(text[:500]))
    return ImportEntry(
        index=index, line=block.line, title=shown, outcome=Outcome.REFUSED, item=None, messages=reading.notes
    )


def _printable(text: str) -> str:
    """Return `text` with every character that cannot be shown or stored replaced by U+FFFD."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in text)


def parse_gift(source: str | bytes) -> ImportReport:
    """Read a GIFT file and report on every item in it.

    Raises InvalidInput for `file` when it is not UTF-8 (naming the line), larger than 5 MB, or holds no
    item or more than 5,000. Takes about a second for 5,000 items: call it in a thread.
    """
    if isinstance(source, str):
        source = source.encode("utf-8", "surrogatepass")
    text = decode_gift(source)
    entries: list[ImportEntry] = []
    lines: dict[str, int] = {}
    for index, block in enumerate(_blocks(text), start=1):
        if index > MAX_ITEMS:
            raise InvalidInput({"file": _("The file holds more than {limit} items; split it.").format(limit=MAX_ITEMS)})
        entry = _read_block(index, block)
        if entry.item and entry.title in lines:
            note = _("The item on line {line} has the same title.").format(line=lines[entry.title])
            entry = entry.model_copy(update={"messages": [*entry.messages, note]})
        lines.setdefault(entry.title, entry.line)
        entries.append(entry)
    if not entries:
        raise InvalidInput({"file": _("The file holds no items.")})
    return ImportReport(entries=entries)
