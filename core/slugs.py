"""Readable addresses made from titles."""

import re
import secrets
import unicodedata

from anyascii import anyascii

from core.database import fetchval

_LEADING_SHARP_S = re.compile(r"\b[ßẞ]")  # No word begins with it: there it stands for a single S.
_TABLES = frozenset({"event", "certification", "organization"})


def slugify(title: str, longest: int = 60) -> str:
    """Lower-case ASCII words joined by hyphens, every script spelled as it sounds; empty where there are no letters."""
    plain = anyascii(_LEADING_SHARP_S.sub("s", unicodedata.normalize("NFKC", title))).lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:longest].strip("-")


async def free_slug(table: str, title: str) -> str:
    """A slug for `title` that no row of `table` uses; a short random ending is added where it is taken or too short.

    Two at once may still choose the same: the unique constraint decides, and the second one fails.
    """
    if table not in _TABLES:
        raise ValueError(f"{table} has no slugs")
    base = slugify(title)
    if len(base) >= 3 and not await fetchval(f"SELECT 1 FROM {table} WHERE slug = $1", base):
        return base
    return f"{base or table}-{secrets.token_hex(3)}"
