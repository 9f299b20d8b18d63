"""What commands print: our own words as they are, and text from outside so that it cannot steer the terminal."""

import json
import re
from typing import TYPE_CHECKING, Any, Final

from core import outside

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_STEERING: Final = re.compile(r"[\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")


def console() -> "Console":
    """A console that takes nothing for markup, an emoji's code or something to be coloured."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False)


def text(content: str, style: str = "") -> "Text":
    """Text from outside for rich, exactly as it stands but for what would steer the terminal.

    Rich reads markup and codes of emoji (`did:key:` holds one) in every string; in a Text it reads nothing.
    """
    from rich.text import Text

    return Text(outside.plain(content), style)


def lines(content: str) -> str:
    """Text from outside for `typer.echo`, which may have several lines."""
    return "\n".join(outside.plain(line, 4000) for line in content.splitlines())


def say(content: str, *, err: bool = False) -> None:
    """Print a sentence that holds words from outside: names, addresses, what a line of a file says, an error."""
    import typer

    typer.echo(lines(content), err=err)


def dump(document: dict[str, Any]) -> str:
    """JSON for programs; what would steer a terminal stands as an escape."""
    written = json.dumps(document, indent=2, ensure_ascii=False)
    return _STEERING.sub(lambda found: f"\\u{ord(found.group()):04x}", written)
