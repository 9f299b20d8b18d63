"""Browsers that have signed in before: a device cookie by which wrong passwords from elsewhere never stop their person.

Source: OWASP, “Slow Down Online Guessing Attacks with Device Cookies”. The cookie holds a random number of the browser
and, for each person who signed in there, a mark that only this server can make (HMAC-SHA-256 with its secret). It opens
nothing by itself; it only says whose wrong passwords are counted apart, and of whose sign-in nobody need be told. A
mark ends with the person's credentials: the browser of somebody who knew the old password is a stranger again.
"""

import hmac
import re
import secrets
from dataclasses import dataclass

from accounts.models import Person
from accounts.tokens import fingerprint

_MOST_PEOPLE = 8
_SHAPE = re.compile(r"[\w-]{22}(\.[0-9a-f]{32})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Device:
    """One browser: its number, and the marks of those who signed in there, the latest first."""

    number: str
    marks: tuple[str, ...] = ()

    @classmethod
    def of(cls, cookie: str | None) -> "Device":
        """The browser that sent this cookie; a new one where there is none or it has another shape."""
        if cookie is None or len(cookie) > 1000 or not _SHAPE.fullmatch(cookie):
            return cls(secrets.token_urlsafe(16))
        number, *marks = cookie.split(".")
        return cls(number, tuple(marks[:_MOST_PEOPLE]))

    @property
    def cookie(self) -> str:
        """What the browser keeps."""
        return ".".join((self.number, *self.marks))

    @property
    def hash(self) -> str:
        """Under which a table may name this browser."""
        return fingerprint(f"browser {self.number}")

    def knows(self, person: Person) -> bool:
        """Whether this person has signed in here since their credentials ended last."""
        wanted = self._mark(person)
        return any(hmac.compare_digest(wanted, mark) for mark in self.marks)

    def remembering(self, person: Person) -> "Device":
        """The same browser, after this person has signed in; of more than eight people the earliest is forgotten."""
        mark = self._mark(person)
        return Device(self.number, (mark, *(one for one in self.marks if one != mark))[:_MOST_PEOPLE])

    def _mark(self, person: Person) -> str:
        return fingerprint(f"device {self.number} {person.id} {person.credential_epoch}")[:32]
