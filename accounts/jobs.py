"""Jobs of accounts: tidying what is over."""

from datetime import UTC, datetime, timedelta

from accounts import limits
from core import mail
from core.database import execute
from core.jobs import schedule

_REPLAY = timedelta(days=1)
_MAILS = timedelta(days=30)
_LINKS = timedelta(days=30)


@schedule("accounts.sweep", every=timedelta(hours=1))
async def sweep() -> None:
    """Delete ended counts, sessions and links, answers kept for repeated requests, and the words of old mails."""
    now = datetime.now(UTC)
    await limits.sweep(now=now)
    await execute("DELETE FROM idempotent_request WHERE created_at < $1", now - _REPLAY)
    await execute("DELETE FROM sign_in_session WHERE expires_at < $1", now)
    await execute("DELETE FROM single_use_link WHERE expires_at < $1", now - _LINKS)
    await mail.forget_sent_before(now - _MAILS)
