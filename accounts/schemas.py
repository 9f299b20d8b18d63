"""What accounts take and give; pages and the JSON API share them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from accounts.models import (
    ApiToken,
    AuditEntry,
    Invitation,
    InvitationKind,
    Organization,
    Person,
    Refusal,
    RefusalKind,
    Role,
    RoleGrant,
    ScopeKind,
    SignInEvent,
    SignInOutcome,
    SignInSession,
    SignInWay,
)
from core.i18n import SUPPORTED
from core.i18n import gettext as _
from core.pages import PageQuery
from core.text import OneLine


def normal_email(value: str) -> str:
    """An address in the one form it is stored in: lower case, the domain in ASCII. Raises `ValueError`."""
    try:
        found = validate_email(value.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError(_("Write an e-mail address such as amina@example.org.")) from None
    if found.ascii_email is None or len(found.ascii_email) > 254:
        raise ValueError(_("Write an e-mail address such as amina@example.org."))
    return found.ascii_email.lower()


def _is_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(_("Choose a time zone of the IANA list, such as Africa/Nairobi."))
    return value


def _zone_or_utc(value: str) -> str:
    """Nobody typed it, so there is nothing to ask the person to mend."""
    return value if value in available_timezones() else "UTC"


def _is_language(value: str) -> str:
    if value not in SUPPORTED:
        raise ValueError(_("Choose one of the languages offered: %(languages)s.") % {"languages": ", ".join(SUPPORTED)})
    return value


def _is_web_address(value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise ValueError(_("Write a web address that starts with https://."))
    return value


Email = Annotated[str, Field(max_length=320, examples=["amina@example.org"]), AfterValidator(normal_email)]
Password = Annotated[str, Field(min_length=1, max_length=1000, examples=["correct horse battery staple"])]
Name = Annotated[str, OneLine(200), Field(examples=["Amina Otieno"])]
Secret = Annotated[str, Field(min_length=1, max_length=100)]
Slug = Annotated[str, Field(min_length=3, max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Accent = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", max_length=7), AfterValidator(str.lower)]
Zone = Annotated[str, Field(max_length=64, examples=["Africa/Nairobi"]), AfterValidator(_is_zone)]
Language = Annotated[str, Field(max_length=16, examples=["en"]), AfterValidator(_is_language)]
Website = Annotated[str, Field(max_length=300), AfterValidator(_is_web_address)]


class Input(BaseModel):
    """What a client sends; fields that are not declared are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Secrets(BaseModel):
    """Inputs with passwords, which are taken exactly as typed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class SignUpIn(_Secrets):
    """A new account."""

    email: Email
    password: Password
    name: Name


class SignUpForm(SignUpIn):
    """The sign-up page: the same, where the person was going, and the browser's time zone where it tells one."""

    next: Annotated[str, Field(max_length=1000)] = ""
    time_zone: Annotated[str, AfterValidator(_zone_or_utc)] = "UTC"


class SignUpOut(BaseModel):
    """The same for new and known addresses."""

    email: str
    message: str


class SignInForm(_Secrets):
    """The sign-in page."""

    email: Annotated[str, Field(max_length=320)]
    password: Password
    next: Annotated[str, Field(max_length=1000)] = ""


class LinkIn(Input):
    """The secret at the end of a link from a mail."""

    token: Secret


class ConfirmationIn(_Secrets):
    """The secret of a confirming link, and who uses it: nobody but the account's owner needs neither password.

    `current_password` proves the owner as a session does. `new_password` takes the account over for the owner of the
    mailbox: every credential of whoever made it ends, as it does with neither.
    """

    token: Secret
    current_password: Password | None = None
    new_password: Password | None = None


class ConfirmationForm(_Secrets):
    """The page behind a confirming link, for who is not signed in to the account: its password, or a new one."""

    current_password: Password | None = None
    password: Password | None = None


class AddressKept(BaseModel):
    """What to do next: set a new password with `token`, by `POST /people/passwords`, within an hour."""

    message: str
    token: str


class ResetIn(Input):
    """Who asks for a link to set a new password."""

    email: Email


class NewPasswordIn(_Secrets):
    """A new password by the secret of a reset link."""

    token: Secret
    password: Password


class NewPasswordForm(_Secrets):
    """The page behind a reset link."""

    password: Password


class PasswordChangeIn(_Secrets):
    """A new password by somebody who knows the present one."""

    current_password: Password
    new_password: Password


class EmailChangeIn(_Secrets):
    """A new address; it counts once the link sent to it is used."""

    email: Email
    password: Password


class ProofIn(_Secrets):
    """The password of whoever is signed in, once more."""

    password: Password


class ErasureIn(_Secrets):
    """The password, asked again because nothing brings an erased account back."""

    password: Password


class ProfileIn(Input):
    """What a person may change about themselves; absent fields stay as they are."""

    display_name: Name | None = None
    certificate_name: Name | None = None
    locale: Language | None = None
    time_zone: Zone | None = None


class MembershipOut(BaseModel):
    """One role of the signed-in person."""

    organization: str
    organization_name: str
    role: Role
    scope_kind: ScopeKind
    scope_id: UUID | None


class PersonOut(BaseModel):
    """The signed-in person, as seen by themselves."""

    id: UUID
    email: str
    is_confirmed: bool
    display_name: str
    certificate_name: str
    locale: str
    time_zone: str
    created_at: datetime
    memberships: list[MembershipOut]

    @classmethod
    def of(cls, person: Person, grants: list[RoleGrant]) -> "PersonOut":
        """From the tables; `grants` have their organization loaded."""
        return cls(
            id=person.id,
            email=person.email or "",
            is_confirmed=person.is_confirmed,
            display_name=person.display_name,
            certificate_name=person.certificate_name,
            locale=person.locale,
            time_zone=person.time_zone,
            created_at=person.created_at,
            memberships=[
                MembershipOut(
                    organization=grant.organization.slug,
                    organization_name=grant.organization.name,
                    role=grant.role,
                    scope_kind=grant.scope_kind,
                    scope_id=grant.scope_id,
                )
                for grant in grants
            ],
        )


class SessionOut(BaseModel):
    """One signed-in browser."""

    id: UUID
    user_agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_current: bool

    @classmethod
    def of(cls, session: SignInSession, current: UUID | None) -> "SessionOut":
        """From the table; `current` is the session that asks."""
        return cls(
            id=session.id,
            user_agent=session.user_agent,
            address=session.address,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            is_current=session.id == current,
        )


class SignInEventOut(BaseModel):
    """One try to sign in, in a browser or for a token, and what came of it."""

    id: UUID
    at: datetime
    way: SignInWay
    outcome: SignInOutcome
    user_agent: str
    address: str
    is_new_browser: bool

    @classmethod
    def of(cls, event: SignInEvent) -> "SignInEventOut":
        """From the table."""
        return cls(
            id=event.id,
            at=event.at,
            way=event.way,
            outcome=event.outcome,
            user_agent=event.user_agent,
            address=event.address,
            is_new_browser=event.is_new_browser,
        )


class TokenOut(BaseModel):
    """An API token without its secret, of which `prefix` is the beginning."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime

    @classmethod
    def of(cls, token: ApiToken) -> "TokenOut":
        """From the table."""
        return cls(
            id=token.id,
            name=token.name,
            prefix=token.prefix,
            scopes=list(token.scopes),
            created_at=token.created_at,
            last_used_at=token.last_used_at,
            expires_at=token.expires_at,
        )


class OrganizationIn(Input):
    """A new chapter of the organization `parent`."""

    name: Name
    parent: Annotated[str, Field(max_length=63, description="Slug of the organization it belongs to.")]


class ChapterForm(Input):
    """The page that creates a chapter."""

    name: Name


class OrganizationChangeIn(Input):
    """New settings; absent fields stay as they are."""

    name: Name | None = None
    accent: Accent | None = None
    website: Website | None = None


class OrganizationOut(BaseModel):
    """An organization."""

    id: UUID
    slug: str
    name: str
    accent: str
    website: str
    parent_id: UUID | None

    @classmethod
    def of(cls, organization: Organization) -> "OrganizationOut":
        """From the table."""
        return cls(
            id=organization.id,
            slug=organization.slug,
            name=organization.name,
            accent=organization.accent,
            website=organization.website,
            parent_id=organization.parent_id,
        )


class MemberIn(Input):
    """A role for the person with this address; narrowed to one event or one certification by its slug."""

    email: Email
    role: Role
    event: Annotated[str | None, Field(max_length=80, description="Slug; narrows the role to one event.")] = None
    certification: Annotated[
        str | None, Field(max_length=80, description="Slug; narrows the role to one certification.")
    ] = None


class MemberOut(BaseModel):
    """One role of one member."""

    id: UUID
    name: str
    email: str
    role: Role
    scope_kind: ScopeKind
    scope_id: UUID | None
    created_at: datetime

    @classmethod
    def of(cls, grant: RoleGrant) -> "MemberOut":
        """From the table; the person is loaded."""
        return cls(
            id=grant.id,
            name=grant.person.display_name,
            email=grant.person.email or "",
            role=grant.role,
            scope_kind=grant.scope_kind,
            scope_id=grant.scope_id,
            created_at=grant.created_at,
        )


class InvitationOut(BaseModel):
    """A role or an entitlement that counts once the owner of its address has confirmed it."""

    id: UUID
    kind: InvitationKind
    email: str
    role: Role | None
    scope_kind: ScopeKind
    scope_id: UUID | None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, invitation: Invitation) -> "InvitationOut":
        """From the table."""
        return cls(
            id=invitation.id,
            kind=invitation.kind,
            email=invitation.email,
            role=invitation.role,
            scope_kind=invitation.scope_kind,
            scope_id=invitation.scope_id,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
        )


class AuditSearch(PageQuery):
    """Which entries of the audit log."""

    action: Annotated[str | None, Field(max_length=80)] = None
    object_kind: Annotated[str | None, Field(max_length=40)] = None


class RefusalSearch(PageQuery):
    """Which refusals."""

    kind: RefusalKind | None = None


class RefusalOut(BaseModel):
    """One refused request. `person_name` is empty where nobody can be told, and for erased people."""

    id: UUID
    at: datetime
    kind: RefusalKind
    person_id: UUID | None
    person_name: str
    address: str
    route: str
    code: str
    request_id: str

    @classmethod
    def of(cls, refusal: Refusal, names: dict[UUID, str]) -> "RefusalOut":
        """From the table, with the names of the people who are still there."""
        return cls(
            id=refusal.id,
            at=refusal.at,
            kind=refusal.kind,
            person_id=refusal.person_id,
            person_name=names.get(refusal.person_id, "") if refusal.person_id else "",
            address=refusal.address,
            route=refusal.route,
            code=refusal.code,
            request_id=refusal.request_id,
        )


class AuditEntryOut(BaseModel):
    """Who did what to which object; `actor_name` is empty for the platform itself and for erased people."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    actor_name: str
    action: str
    object_kind: str
    object_id: UUID
    before: dict[str, Any] | None  # Any: the fields that changed
    after: dict[str, Any] | None

    @classmethod
    def of(cls, entry: AuditEntry, names: dict[UUID, str]) -> "AuditEntryOut":
        """From the table, with the names of the people who are still there."""
        return cls(
            id=entry.id,
            at=entry.at,
            actor_id=entry.actor_id,
            actor_name=names.get(entry.actor_id, "") if entry.actor_id else "",
            action=entry.action,
            object_kind=entry.object_kind,
            object_id=entry.object_id,
            before=entry.before,
            after=entry.after,
        )


class Done(BaseModel):
    """The answer where there is nothing to tell but what happens next."""

    status: Literal["ok"] = "ok"
    message: str
