"""Mails about accounts; each is queued in the transaction of the change that causes it."""

from datetime import datetime
from uuid import UUID

from accounts.browsers import browser_name
from accounts.models import Invitation, LinkPurpose, Organization, Person, Role
from accounts.role_names import role_name
from core import mail
from core.database import new_id
from core.i18n import current_locale, use_locale
from core.settings import get_settings

_PATHS = {
    LinkPurpose.confirm_email: "confirm",
    LinkPurpose.reset_password: "reset",
    LinkPurpose.keep_email: "keep-address",
}


def address_of(purpose: LinkPurpose, secret: str) -> mail.SecretLink:
    """Where a single-use link leads; from the public address, never from a request."""
    return mail.SecretLink(f"{get_settings().public_url}/{_PATHS[purpose]}/{secret}")


async def welcome(person: Person, secret: str) -> None:
    """Greet a new person and ask for the confirmation of the address."""
    await _send("welcome", person, person.email, link=address_of(LinkPurpose.confirm_email, secret))


async def ask_to_confirm(person: Person, email: str, secret: str) -> None:
    """Ask for the confirmation of `email`, which may be a new address."""
    await _send("confirm", person, email, link=address_of(LinkPurpose.confirm_email, secret))


async def tell_already_known(person: Person) -> None:
    """Tell somebody who signed up again, or wanted this address, that there is an account already."""
    await _send("already_known", person, person.email)


async def send_reset(person: Person, secret: str) -> None:
    """Send the link to set a new password."""
    await _send("reset", person, person.email, link=address_of(LinkPurpose.reset_password, secret))


async def tell_password_changed(person: Person, *, at: datetime) -> None:
    """Tell the person, in case it was somebody else."""
    await _send("password_changed", person, person.email, at=at)


async def tell_new_browser(person: Person, *, user_agent: str, address: str, at: datetime) -> None:
    """Tell the person of a sign-in from a browser where they never signed in before, in case it was somebody else."""
    before = current_locale()
    use_locale(person.locale)
    browser = browser_name(user_agent)
    use_locale(before)
    await _send("new_browser", person, person.email, at=at, browser=browser, address=address)


async def tell_disabled(person: Person) -> None:
    """Tell the person that their account is disabled, and whom to ask."""
    await _send("disabled", person, person.email)


async def tell_enabled(person: Person) -> None:
    """Tell the person that they can sign in again."""
    await _send("enabled", person, person.email)


async def tell_signed_out(person: Person) -> None:
    """Tell the person that the operator ended everything that was signed in."""
    await _send("signed_out", person, person.email)


async def tell_email_change_asked(person: Person, secret: str, *, at: datetime) -> None:
    """Tell the present address that another was asked for, with a link that stops or undoes the change."""
    link = address_of(LinkPurpose.keep_email, secret)
    await _send("email_change_asked", person, person.email, at=at, link=link)


async def tell_email_changed(person: Person, old: str, *, at: datetime) -> None:
    """Tell the old address, in case it was somebody else."""
    await _send("email_changed", person, old, at=at)


async def tell_token_created(person: Person, token: str, *, at: datetime) -> None:
    """Tell the person that an API token was made, in case it was somebody else."""
    await _send("token_created", person, person.email, at=at, token=token)


async def tell_role(person: Person, organization: Organization, role: Role, grant_id: UUID) -> None:
    """Tell a person about a role they were given."""
    await _send("role", person, person.email, key=str(grant_id), organization=organization.name, role=role_name(role))


async def invite(person: Person, organization: Organization) -> None:
    """Tell somebody that an organization has opened an account for them, and how to make it theirs or erase it."""
    reset_url = f"{get_settings().public_url}/reset"
    await _send("invited", person, person.email, key=str(person.id), organization=organization.name, link=reset_url)


async def invite_address(invitation: Invitation, organization: Organization, what: str, *, locale: str) -> None:
    """Tell the owner of an address what waits for them, and how it comes to count.

    In the language of whoever invites: that of an account which somebody may have opened in their name says nothing.
    """
    has_account = await Person.exists(email=invitation.email)
    await mail.send(
        "accounts/invitation",
        to=("", invitation.email),
        context={
            "organization": organization.name,
            "what": what,
            "has_account": has_account,
            "link": f"{get_settings().public_url}/{'reset' if has_account else 'sign-up'}",
            "until": invitation.expires_at,
        },
        locale=locale,
        key=f"accounts.invitation {invitation.id}",
    )


async def say_goodbye(name: str, email: str, locale: str, person_id: UUID) -> None:
    """The last mail: the account was erased."""
    await mail.send(
        "accounts/erased",
        to=(name, email),
        context={},
        locale=locale,
        key=f"accounts.erased {person_id}",
        is_last=True,
    )


async def _send(template: str, person: Person, email: str | None, *, key: str | None = None, **context: object) -> None:
    if email is None:
        return
    # A name goes only to an address known to be its person's: strangers may sign up anybody, under any words.
    name = person.display_name if person.is_confirmed and email == person.email else ""
    await mail.send(
        f"accounts/{template}",
        to=(name, email),
        context=context,
        locale=person.locale,
        key=f"accounts.{template} {key or new_id()}",
    )
