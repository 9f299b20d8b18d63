"""All that is kept about a person, as one JSON file. Each package adds its sections."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from accounts.models import ApiToken, AuditEntry, Person, SignInEvent, SignInSession
from accounts.queries import memberships
from core.models import OutgoingMail

Section = Callable[[Person], Awaitable[Any]]  # Any: whatever JSON the section holds
_SECTIONS: dict[str, Section] = {}


def section(name: str) -> Callable[[Section], Section]:
    """Register an async function `(person)` that returns one section of the file. Raises `ValueError` for a second."""

    def register(function: Section) -> Section:
        if name in _SECTIONS:
            raise ValueError(f"two sections are called {name}")
        _SECTIONS[name] = function
        return function

    return register


async def my_data(person: Person, *, now: datetime) -> bytes:
    """Everything that is kept about `person`, as UTF-8 JSON; secrets are stored hashed and not part of it.

    Source of the duty: Regulation (EU) 2016/679 (GDPR), articles 15 and 20.
    """
    sections = {name: await function(person) for name, function in _SECTIONS.items()}
    document = {"format": "confero-personal-data/1", "made_at": now, **sections}
    return json.dumps(document, ensure_ascii=False, indent=2, default=_plain).encode()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@section("person")
async def _person(person: Person) -> dict[str, Any]:
    names = (
        "id",
        "email",
        "display_name",
        "certificate_name",
        "locale",
        "time_zone",
        "email_confirmed_at",
        "created_at",
    )
    return {name: getattr(person, name) for name in names}


@section("roles")
async def _roles(person: Person) -> list[dict[str, Any]]:
    return [
        {"organization": g.organization.name, "role": g.role, "scope": g.scope_kind, "since": g.created_at}
        for g in await memberships(person)
    ]


@section("sign_ins")
async def _sign_ins(person: Person) -> list[dict[str, Any]]:
    names = ("user_agent", "address", "created_at", "last_seen_at", "expires_at")
    return [dict(row) for row in await SignInSession.filter(person_id=person.id).order_by("created_at").values(*names)]


@section("sign_in_history")
async def _sign_in_history(person: Person) -> list[dict[str, Any]]:
    names = ("at", "way", "outcome", "user_agent", "address", "is_new_browser")
    return [dict(row) for row in await SignInEvent.filter(person_id=person.id).order_by("at").values(*names)]


@section("api_tokens")
async def _api_tokens(person: Person) -> list[dict[str, Any]]:
    names = ("name", "prefix", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    return [dict(row) for row in await ApiToken.filter(person_id=person.id).order_by("created_at").values(*names)]


@section("acts")
async def _acts(person: Person) -> list[dict[str, Any]]:
    names = ("at", "action", "object_kind", "object_id", "before", "after")
    return [dict(row) for row in await AuditEntry.filter(actor_id=person.id).order_by("at").values(*names)]


@section("mails")
async def _mails(person: Person) -> list[dict[str, Any]]:
    # Not their words: a link in one may still set a new password, and lies in the mailbox where it belongs.
    names = ("to_address", "subject", "created_at", "sent_at")
    rows = OutgoingMail.filter(to_address=person.email).order_by("created_at")
    return [dict(row) for row in await rows.values(*names)]
