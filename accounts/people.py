"""People: signing up, confirming and changing the address, the profile, the password, and erasing the account."""

from datetime import datetime, timedelta
from typing import Any

from accounts import (
    audit,
    credentials,
    emails,
    guesses,
    invitations,
    links,
    mailings,
    members,
    organizations,
    passwords,
)
from accounts.devices import Device
from accounts.limits import Limit, Occasion, count, network_of
from accounts.models import (
    LinkPurpose,
    Organization,
    Person,
    Role,
    SingleUseLink,
)
from accounts.schemas import ProfileIn
from core.database import fetchval, new_id, transaction
from core.errors import InvalidInput
from core.i18n import gettext as _
from core.settings import get_settings


async def sign_up(
    email: str,
    *,
    password: str,
    name: str,
    locale: str,
    time_zone: str,
    address: str,
    device: Device | None = None,
    next_path: str = "",
    now: datetime,
) -> Person | None:
    """Make an account, and mail the link that confirms its address. `email` is in its normal form.

    The account opens once the address is confirmed: in the browser `device` by the link alone, which leads on to
    `next_path`. Returns None where the address is known already; its owner then gets a mail that says so, or the link
    again, and everything that the caller can see takes the same course. Raises `InvalidInput` and, per network
    address, `RateLimited`; a recipient who has had enough gets no mail.
    """
    limit = Limit(Occasion.sign_up, "address", get_settings().sign_ups_per_address, timedelta(hours=1))
    await count(limit, network_of(address), now=now)
    await passwords.check(password, email=email)
    password_hash = await passwords.hash_password(password)
    is_mailed = await mailings.may_reach(email, now=now)
    async with transaction():
        person = await _insert(email, password_hash, name, locale, time_zone)
        if person is not None:
            if is_mailed:
                secret = await links.create(
                    person, LinkPurpose.confirm_email, email=email, device=device, next_path=next_path, now=now
                )
                await emails.welcome(person, secret)
            await audit.record("person.signed_up", by=person, object_kind="person", object_id=person.id)
    if person is None and is_mailed:
        await _answer_known(email, password, device, next_path, now=now)
    return person


async def _answer_known(email: str, password: str, device: Device | None, next_path: str, *, now: datetime) -> None:
    """Tell the owner of a known address; one that nobody has confirmed yet gets its link again, good in any browser
    with the password or a new one, since somebody else may have made the account.

    With the password and in the browser that made it this is the same sign-up, such as a second click on its button,
    and the link is as good as the first one.
    """
    known = await Person.get_or_none(email=email)
    if known is None:
        return
    if known.is_confirmed:
        await emails.tell_already_known(known)
        return
    is_same = device is not None and await links.was_made_in(device, known, email)
    is_same = is_same and await passwords.is_right(password, known.password_hash)
    async with transaction():
        secret = await links.create(
            known,
            LinkPurpose.confirm_email,
            email=email,
            device=device if is_same else None,
            next_path=next_path if is_same else "",
            now=now,
        )
        await emails.welcome(known, secret)


async def _insert(email: str, password_hash: str, name: str, locale: str, time_zone: str) -> Person | None:
    person_id = await fetchval(
        """INSERT INTO person (id, email, password_hash, display_name, certificate_name, locale, time_zone, created_at)
           VALUES ($1, $2, $3, $4, $4, $5, $6, now()) ON CONFLICT (email) DO NOTHING RETURNING id""",
        new_id(),
        email,
        password_hash,
        name,
        locale,
        time_zone,
    )
    return await Person.get(id=person_id) if person_id else None


async def send_confirmation(person: Person, *, address: str, now: datetime) -> None:
    """Mail the confirming link again; the one before ends. Nothing happens where the address is confirmed.

    `address` is the network's. Raises `RateLimited` per account, network and recipient.
    """
    if person.is_confirmed or person.email is None:
        return
    await mailings.admit(person, person.email, address=address, now=now)
    async with transaction():
        secret = await links.create(person, LinkPurpose.confirm_email, email=person.email, now=now)
        await emails.ask_to_confirm(person, person.email, secret)


async def request_email(person: Person, email: str, *, password: str, address: str, now: datetime) -> None:
    """Mail a link to a new address, and to the present one a link that stops the change; nothing changes before.

    Where the address belongs to another account its owner is told, and the answer is the same. Raises `InvalidInput`
    for a wrong password, `RateLimited` and `CredentialsEnded`.
    """
    await require_password(person, password, field="password", now=now)
    await mailings.admit(person, email, address=address, now=now)
    async with transaction():
        await credentials.require_current(person)
        known = await Person.get_or_none(email=email)
        if known is not None:
            await emails.tell_already_known(known)
            return
        secret = await links.create(person, LinkPurpose.confirm_email, email=email, now=now)
        await emails.ask_to_confirm(person, email, secret)
        if person.email is not None:
            kept = await links.create(person, LinkPurpose.keep_email, email=person.email, now=now)
            await emails.tell_email_change_asked(person, kept, at=now)
        await audit.record("person.email_change_requested", by=person, object_kind="person", object_id=person.id)


async def change_profile(person: Person, changes: ProfileIn, *, by: Person, now: datetime) -> Person:
    """Change names, language and time zone; fields that are absent stay."""
    wanted: dict[str, Any] = {name: value for name, value in changes.model_dump().items() if value is not None}
    changed = sorted(name for name, value in wanted.items() if getattr(person, name) != value)
    if not changed:
        return person
    async with transaction():
        await Person.filter(id=person.id).update(**{name: wanted[name] for name in changed})
        after = {"changed": changed}
        await audit.record("person.profile_changed", by=by, object_kind="person", object_id=person.id, after=after)
    await person.refresh_from_db()
    return person


async def prove(link: SingleUseLink, password: str, *, device: Device, address: str, now: datetime) -> Person:
    """The person behind a confirming link, by their password. Raises `InvalidInput`, and `RateLimited` for guessing."""
    person = link.person
    guess = await guesses.begin(person.email or "", person, device=device, address=address, now=now)
    if not await passwords.is_right(password, person.password_hash):
        await guess.was_wrong(now=now)
        raise InvalidInput({"current_password": _("This is not the password of this account.")})
    await guess.was_right()
    return person


async def require_password(person: Person, password: str, *, field: str, now: datetime) -> None:
    """Refuse unless `password` is the person's. Raises `InvalidInput` for `field`, and `RateLimited` for guessing."""
    guess = await guesses.begin_own(person.id, now=now)
    if not await passwords.is_right(password, person.password_hash):
        raise InvalidInput({field: _("This is not your present password.")})
    await guess.was_right()


async def create_owner(
    email: str, *, password: str, name: str, organization: str, is_owner: bool = True, now: datetime
) -> tuple[Person, Organization]:
    """Make a confirmed person from the command line, and the organization of that name where there is none.

    An account that exists keeps its password. Raises `InvalidInput` for a password that may not be used.
    """
    person = await Person.get_or_none(email=email)
    password_hash = None
    if person is None:
        await passwords.check(password, email=email)
        password_hash = await passwords.hash_password(password)
    async with transaction():
        if person is None:
            person = await Person.create(
                email=email,
                password_hash=password_hash,
                display_name=name,
                certificate_name=name,
                email_confirmed_at=now,
            )
            await audit.record("person.created", by=None, object_kind="person", object_id=person.id)
        there = await Organization.get_or_none(name=organization) or await organizations.create(
            organization, parent=None, by=None, now=now
        )
        if is_owner:
            await members.grant(there, person, Role.owner, by=None, now=now)
        await invitations.accept(person, now=now)
    return person, there
