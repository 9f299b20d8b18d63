"""Proving that an e-mail address is somebody's, and keeping an address that somebody else would take away."""

from datetime import datetime

from tortoise.exceptions import IntegrityError

from accounts import audit, credentials, emails, invitations, links, passwords
from accounts.models import LinkPurpose, Person, SingleUseLink
from core import mail
from core.announce import announce
from core.database import transaction
from core.errors import Conflict, Forbidden
from core.i18n import N_


class EmailTaken(Conflict):
    """409: meanwhile the address belongs to another account."""

    code = "email_taken"
    message = N_("This address belongs to another account by now. Sign in with that one, or choose another address.")


class SignInToConfirm(Forbidden):
    """403: a changed address is confirmed by whoever asked for it, and by nobody else."""

    code = "sign_in_to_confirm"
    message = N_("Sign in to the account that asked for this address, then confirm it.")


async def confirm(secret: str, *, by: Person | None, password: str | None = None, now: datetime) -> Person:
    """Use a confirming link: the address in it becomes the account's, confirmed.

    `by` is who proved to own the account besides (signed in to it, or typed its password). Anybody else has the
    mailbox alone, and may never have seen the account, which somebody made in their name: the address they confirm
    takes the account with it. Every credential ends, and the password that its maker chose; `password` is the new
    one, and without it one is set by a reset link. An address that the account was to change to is no reason to take
    it over, so nobody else confirms one.

    Raises `links.LinkGone`, `SignInToConfirm`, `InvalidInput` for `password`, and `EmailTaken` where another account
    took a changed address first.
    """
    link = await links.find(secret, LinkPurpose.confirm_email, now=now)
    is_owner = by is not None and by.id == link.person_id
    if link.email != link.person.email and not is_owner:
        raise SignInToConfirm()
    password_hash = None
    if password is not None and not is_owner:
        await passwords.check(password, email=link.email)
        password_hash = await passwords.hash_password(password)
    async with transaction():
        link = await links.use(secret, LinkPurpose.confirm_email, now=now)
        person = await Person.get(id=link.person_id)
        old = person.email
        if link.email != old and not is_owner:
            raise SignInToConfirm()
        if is_owner and by is not None:
            await credentials.require_current(by)
        await _give(person, link.email, now=now)
        if is_owner:
            await links.end_all(person, LinkPurpose.reset_password, now=now)
        else:
            await _take_over(person, password_hash, now=now)
        action = "person.email_changed" if link.email != old else "person.email_confirmed"
        await audit.record(action, by=person, object_kind="person", object_id=person.id)
        await announce("person.confirmed", person.id)
    await person.refresh_from_db()
    return person


async def keep(secret: str, *, now: datetime) -> tuple[Person, str]:
    """Keep the address to which this link was mailed, and close the account to whoever asked for another.

    A change that waits is stopped and one that went through is undone. Every credential and the password end, since
    whoever asked knew it. Returns the person and the secret of a link to set a new password.
    Raises `links.LinkGone`, and `EmailTaken` where somebody confirmed the address for another account meanwhile.
    """
    async with transaction():
        link = await links.use(secret, LinkPurpose.keep_email, now=now)
        person = await Person.get(id=link.person_id)
        action = "person.email_kept" if person.email == link.email else "person.email_restored"
        await _give(person, link.email, now=now)
        await _take_over(person, None, now=now)
        await announce("person.confirmed", person.id)
        # Not those of before: whoever took the account over gets such a link for each address that they go through,
        # and must not end the owner's by it.
        await links.end_all(person, LinkPurpose.keep_email, since=link, now=now)
        await audit.record(action, by=person, object_kind="person", object_id=person.id)
        reset = await links.create(person, LinkPurpose.reset_password, email=link.email, now=now)
    await person.refresh_from_db()
    return person, reset


async def decline(link: SingleUseLink, *, now: datetime) -> None:
    """Say that a changed address is not the account's: the link ends, and the account keeps the address it has."""
    async with transaction():
        await credentials.hold(link.person_id)
        await links.end_all(link.person, LinkPurpose.confirm_email, now=now)
        await audit.record("person.email_declined", by=None, object_kind="person", object_id=link.person_id)


async def _give(person: Person, email: str, *, now: datetime) -> None:
    """Write the confirmed address, give what waits for it, and tell the one that it replaces. Raises `EmailTaken`."""
    old = person.email
    if email != old and await Person.exists(email=email):
        raise EmailTaken()
    try:
        await Person.filter(id=person.id).update(email=email, email_confirmed_at=now)
    except IntegrityError:  # taken in this moment; the transaction ends with it
        raise EmailTaken() from None
    await invitations.accept(person, now=now)
    if old is not None and old != email:
        await mail.forget_to(old, only_sent=True)  # an erasure would no longer know that they were this person's
        await emails.tell_email_changed(person, old, at=now)


async def _take_over(person: Person, password_hash: str | None, *, now: datetime) -> None:
    await Person.filter(id=person.id).update(password_hash=password_hash)
    await credentials.end_all(person, by=person, now=now)
