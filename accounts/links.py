"""Single-use links in mails: confirm an address, set a new password, keep the address one had. Only their keyed hash
is stored.

Opening a link shows a page with a button and changes nothing, since mail scanners open every link; the button uses it.
"""

import hmac
from datetime import datetime, timedelta

from accounts import credentials
from accounts.devices import Device
from accounts.models import LinkPurpose, Person, SingleUseLink
from accounts.tokens import fingerprint, new_secret
from core.database import fetchval, transaction
from core.errors import Gone
from core.i18n import N_

LIFETIMES = {
    LinkPurpose.confirm_email: timedelta(days=3),
    LinkPurpose.reset_password: timedelta(hours=1),
    LinkPurpose.keep_email: timedelta(days=7),
}


class LinkGone(Gone):
    """410: the link was used, has expired, was replaced by a newer one, or never existed; all look the same."""

    code = "link_gone"
    message = N_("This link was used already, has expired, or was replaced by a newer one. Ask for a new one.")


async def create(
    person: Person,
    purpose: LinkPurpose,
    *,
    email: str,
    device: Device | None = None,
    next_path: str = "",
    now: datetime,
) -> str:
    """Make a link for `email` and return its secret; earlier unused links of that purpose end.

    But those to keep an address: a second change must not end what undoes the first. `device` is the browser in which
    the account was just made, whose owner need not type the password again, and `next_path` where it was going.
    """
    async with transaction():
        await credentials.hold(person.id)
        if purpose is not LinkPurpose.keep_email:
            await end_all(person, purpose, now=now)
        secret = new_secret()
        await SingleUseLink.create(
            person_id=person.id,
            purpose=purpose,
            token_hash=fingerprint(secret),
            email=email,
            expires_at=now + LIFETIMES[purpose],
            device_hash=device.hash if device else "",
            next_path=next_path,
        )
    return secret


async def was_made_in(device: Device, person: Person, email: str) -> bool:
    """Whether the latest link to confirm `email` was asked for in this browser, by whoever made the account there."""
    latest = (
        await SingleUseLink.filter(person_id=person.id, purpose=LinkPurpose.confirm_email, email=email)
        .order_by("-id")
        .first()
    )
    return latest is not None and hmac.compare_digest(latest.device_hash, device.hash)


async def end_all(person: Person, purpose: LinkPurpose, *, since: SingleUseLink | None = None, now: datetime) -> None:
    """End the person's unused links of one purpose; of those made before `since` none."""
    rows = SingleUseLink.filter(person_id=person.id, purpose=purpose, used_at=None)
    if since is not None:
        rows = rows.filter(created_at__gte=since.created_at)
    await rows.update(used_at=now)


async def find(secret: str, purpose: LinkPurpose, *, now: datetime) -> SingleUseLink:
    """The link, still unused. Raises `LinkGone`."""
    link = await SingleUseLink.get_or_none(
        token_hash=fingerprint(secret), purpose=purpose, used_at=None, expires_at__gt=now
    ).select_related("person")
    if link is None or link.person.email is None or link.person.disabled_at is not None:
        raise LinkGone()
    return link


async def find_done(secret: str) -> SingleUseLink:
    """A used link to confirm what is its account's confirmed address by now. Raises `LinkGone` for any other."""
    link = await SingleUseLink.get_or_none(
        token_hash=fingerprint(secret), purpose=LinkPurpose.confirm_email, used_at__isnull=False
    ).select_related("person")
    if link is None or not link.person.is_confirmed or link.email != link.person.email:
        raise LinkGone()
    return link


async def use(secret: str, purpose: LinkPurpose, *, now: datetime) -> SingleUseLink:
    """Use the link up, once for good: of two at the same time one gets it. Holds the person. Raises `LinkGone`."""
    link = await find(secret, purpose, now=now)
    await credentials.hold(link.person_id)
    used = await fetchval(
        "UPDATE single_use_link SET used_at = $2 WHERE id = $1 AND used_at IS NULL RETURNING id", link.id, now
    )
    if used is None:
        raise LinkGone()
    return link
