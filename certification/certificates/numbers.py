"""Certificate numbers: what people read aloud, type and scan."""

from accounts.tokens import new_code, normalize_code

_LENGTH, _GROUP = 12, 4


def new_number() -> str:
    """Twelve random Crockford base 32 characters in groups, `7K3M-9QXT-2WBD`: 60 bits, so that none can be guessed."""
    return _grouped(new_code(_LENGTH))


def normalize_number(typed: str) -> str | None:
    """The number that somebody meant (lower case, other hyphens, I for 1, O for 0), or None where it cannot be one."""
    code = normalize_code(typed)
    return _grouped(code) if len(code) == _LENGTH and code.isascii() and code.isalnum() else None


def _grouped(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))
