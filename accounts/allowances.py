"""How much costly work one network, or one person who is signed in, may ask for in a quarter of an hour.

Counted before anything of the request is read. Generous, since a class sits behind one address; what a file makes us
give up counts many times, so that nobody keeps the readers of files busy for long.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from accounts.limits import Limit, Occasion, count, network_of
from accounts.models import Person
from core.errors import RateLimited
from core.i18n import ngettext
from core.settings import get_settings

GIVEN_UP_COUNTS = 20
"""As how many files one counts that took more than it may."""
_WINDOW = timedelta(minutes=15)


class Work(StrEnum):
    """What costs more than a page."""

    files = "files"
    """Reading an uploaded file."""
    lookups = "lookups"
    """Looking up hundreds of numbers at once."""
    directory = "directory"
    """Searching the directory of holders."""


async def ask(work: Work, *, person: Person | None, address: str, now: datetime, times: int = 1) -> None:
    """Count one request for `work`, or `times` as many. Raises `RateLimited` where that is more than is allowed."""
    try:
        await count(_limit(work), str(person.id) if person else network_of(address), now=now, times=times)
    except RateLimited as refusal:
        minutes = -(-refusal.retry_after // 60)
        message = ngettext(
            "That was a lot at once. Go on in %(n)s minute.", "That was a lot at once. Go on in %(n)s minutes.", minutes
        )
        raise RateLimited(refusal.retry_after, message % {"n": minutes}) from None


def _limit(work: Work) -> Limit:
    settings = get_settings()
    most = {
        Work.files: settings.files_per_address,
        Work.lookups: settings.lookups_per_address,
        Work.directory: settings.directory_searches_per_address,
    }[work]
    return Limit(Occasion(work.value), "allowance", most, _WINDOW)
