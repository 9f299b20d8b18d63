"""Mails that somebody asks for and that go to an address which may be a stranger's: how many in an hour.

Counted before anything is written: by who asks (account or network), and by whom it goes to, whoever asks.
"""

from datetime import datetime, timedelta

from accounts.limits import Limit, Occasion, count, mailbox_of, network_of
from accounts.models import Person
from core.errors import RateLimited
from core.settings import get_settings

_HOUR = timedelta(hours=1)


async def admit(person: Person, recipient: str, *, address: str, now: datetime) -> None:
    """Count a mail that `person` asks for from the network `address`. Raises `RateLimited`."""
    settings = get_settings()
    await count(Limit(Occasion.mail, "address", settings.mails_per_address, _HOUR), network_of(address), now=now)
    await count(Limit(Occasion.mail, "account", settings.mails_per_account, _HOUR), str(person.id), now=now)
    await count(_to(), mailbox_of(recipient), now=now)


async def may_reach(recipient: str, *, now: datetime) -> bool:
    """Count a mail to somebody whom a stranger named; False says to send none.

    The stranger is not told, since the answer must be the same for everybody; and whoever owns the mailbox has the
    mails of the last hour, whose links go on working.
    """
    try:
        await count(_to(), mailbox_of(recipient), now=now)
    except RateLimited:
        return False
    return True


def _to() -> Limit:
    return Limit(Occasion.mail, "recipient", get_settings().mails_per_recipient, _HOUR)
