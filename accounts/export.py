"""All that is kept about a person, as one JSON file. Each package adds its sections."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

from accounts.models import ApiToken, AuditEntry, Invitation, Person, Refusal, SignInEvent, SignInSession, SingleUseLink
from accounts.queries import memberships
from core.database import fetch
from core.models import OutgoingMail

Section = Callable[[Person], Awaitable[Any]]  # Any: whatever JSON the section holds
Files = Callable[[Person], AsyncIterator[dict[str, Any]]]
"""Yields what was uploaded, one file at a time, its bytes in base 64 (RFC 4648 section 4)."""
_SECTIONS: dict[str, Section] = {}
_FILES: dict[str, Files] = {}
_OBJECTS: list[str] = []


def section(name: str) -> Callable[[Section], Section]:
    """Register an async function `(person)` that returns one section of the file. Raises `ValueError` for a second."""

    def register(function: Section) -> Section:
        if name in _SECTIONS:
            raise ValueError(f"two sections are called {name}")
        _SECTIONS[name] = function
        return function

    return register


def files(name: str) -> Callable[[Files], Files]:
    """Register an async generator `(person)` that yields the files of one section, written last."""

    def register(function: Files) -> Files:
        _FILES[name] = function
        return function

    return register


def objects(*tables: str) -> None:
    """Register tables whose rows are about the person in their `person_id`: audit entries that name one are theirs."""
    _OBJECTS.extend(f"SELECT id FROM {table} WHERE person_id = $1" for table in tables)


async def pieces(person: Person, *, now: datetime) -> AsyncIterator[bytes]:
    """Everything that is kept about `person`, as UTF-8 JSON in pieces; secrets are stored hashed and not part of it.

    Memory holds one uploaded file at a time. Source of the duty: Regulation (EU) 2016/679 (GDPR), articles 15 and 20.
    """
    sections = {name: await function(person) for name, function in _SECTIONS.items()}
    document = {"format": "confero-personal-data/1", "made_at": now, **sections}
    yield _json(document).removesuffix("\n}").encode()
    for name, function in _FILES.items():
        yield f',\n  "{name}": ['.encode()
        separator = ""
        async for one in function(person):
            yield f"{separator}\n{_json(one)}".encode()
            separator = ","
        yield b"]"
    yield b"\n}\n"


async def my_data(person: Person, *, now: datetime) -> bytes:
    """The same in one piece."""
    return b"".join([piece async for piece in pieces(person, now=now)])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=_plain)


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


@section("refusals")
async def _refusals(person: Person) -> list[dict[str, Any]]:
    names = ("at", "kind", "address", "route", "code", "request_id")
    return [dict(row) for row in await Refusal.filter(person_id=person.id).order_by("at").values(*names)]


@section("links")
async def _links(person: Person) -> list[dict[str, Any]]:
    names = ("purpose", "email", "next_path", "created_at", "expires_at", "used_at")
    return [dict(row) for row in await SingleUseLink.filter(person_id=person.id).order_by("created_at").values(*names)]


@section("invitations")
async def _invitations(person: Person) -> list[dict[str, Any]]:
    # What waits for an address is its owner's, and whoever has not confirmed it may be somebody else.
    names = ("organization__name", "kind", "role", "terms", "created_at", "expires_at")
    rows = Invitation.filter(email=person.email if person.is_confirmed else None).order_by("created_at")
    return [{name.removesuffix("__name"): value for name, value in row.items()} for row in await rows.values(*names)]


@section("api_tokens")
async def _api_tokens(person: Person) -> list[dict[str, Any]]:
    names = ("name", "prefix", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    return [dict(row) for row in await ApiToken.filter(person_id=person.id).order_by("created_at").values(*names)]


@section("acts")
async def _acts(person: Person) -> list[dict[str, Any]]:
    names = ("at", "action", "object_kind", "object_id", "before", "after")
    return [dict(row) for row in await AuditEntry.filter(actor_id=person.id).order_by("at").values(*names)]


objects("sign_in_session", "api_token")


@section("acts_about_me")
async def _acts_about(person: Person) -> list[dict[str, Any]]:
    # Not who acted: that is somebody else's.
    rows = await fetch(
        f"""SELECT at, action, object_kind, object_id, before, after FROM audit_entry
            WHERE object_id IN (SELECT $1::uuid UNION ALL {" UNION ALL ".join(_OBJECTS)})
              AND actor_id IS DISTINCT FROM $1 ORDER BY at, id""",
        person.id,
    )
    return [
        {**row, **{name: json.loads(row[name]) for name in ("before", "after") if row[name] is not None}}
        for row in rows
    ]


@section("mails")
async def _mails(person: Person) -> list[dict[str, Any]]:
    # Not their words: a link in one may still set a new password, and lies in the mailbox where it belongs; nor what
    # was mailed to an address that this account has not confirmed.
    names = ("to_name", "to_address", "subject", "created_at", "sent_at")
    rows = OutgoingMail.filter(to_address=person.email if person.is_confirmed else None).order_by("created_at")
    return [dict(row) for row in await rows.values(*names)]
