"""What is kept about a person, column by column: all of it is in their file, and nothing of it outlives an erasure.

Every column of the database that can hold words stands in one of the lists below or is seeded with a marker, so a new
one is thought about before it can be forgotten.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.export import my_data
from accounts.models import (
    IdempotentRequest,
    Invitation,
    InvitationKind,
    Organization,
    Person,
    Refusal,
    RefusalKind,
    Role,
    SignInEvent,
    SignInOutcome,
    SignInWay,
)
from api.app import create_app
from certification.bulk.models import BulkLine, BulkRun, RunKind
from certification.certificates import corrections, directory, statuses
from certification.certificates.models import IssueRequest, IssueState, SourceKind
from certification.erasure import erase_person
from certification.exams import attempts
from certification.exams.models import Response
from certification.programs.queries import current_policy
from certification.renewal import credits
from core import mail
from core.database import execute, fetch, fetchval, new_id
from core.models import OutgoingMail
from core.settings import Settings
from events.programme import sessions
from events.programme.models import Session
from events.registration import feeds, registrations
from tests.factories import accounts, events, renewal
from tests.factories import certification as exams

MARK = "qwzx"
EMAIL = f"{MARK}.person@example.org"
NAME = f"Amina {MARK} Otieno"
NOW = datetime.now(UTC)

NO_WORDS_ABOUT_PEOPLE = {
    "attendance_offer": "what an event offers",
    "certification": "a program",
    "check_in_list": "a list of an event",
    "domain": "a topic",
    "event": "an event; its search text holds speakers and is written anew",
    "failure_count": "keyed hashes, for an hour",
    "issuer_key": "keys",
    "item": "an exam's item",
    "item_version": "an exam's item",
    "layout": "how a certificate looks",
    "layout_picture": "pictures of an organization's layouts",
    "layout_version": "how a certificate looks",
    "organization": "an organization",
    "pgqueuer": "jobs carry ids alone",
    "pgqueuer_schedules": "names of jobs",
    "pgqueuer_statistics": "names of jobs",
    "quota": "places of an event",
    "result": "marks by domain",
    "role_grant": "names of roles; its rows go",
    "room": "a room",
    "schedule_tick": "names of jobs",
    "session": "the programme; an organization's text",
    "status_list_publication": "bits",
    "ticket_type": "what is offered",
    "tortoise_migrations": "migrations",
    "venue": "a place",
    "test_seeded": "the tests' own mark",
}
"""Tables without words about people."""
NO_WORDS_OF_A_PERSON = {
    **dict.fromkeys(("person.locale", "person.time_zone"), "reset; a language and a zone"),
    **dict.fromkeys(("attempt.locale", "registration.locale", "issue_request.locale"), "a language"),
    "outgoing_mail.locale": "a language",
    **dict.fromkeys(("attempt.status", "attempt.submitted_by", "registration.status"), "a state"),
    **dict.fromkeys(("bulk_line.state", "bulk_run.state", "bulk_run.kind", "issue_request.state"), "a state"),
    **dict.fromkeys(("credit.state", "credit.source", "certificate.status", "certificate.signature"), "a state"),
    **dict.fromkeys(("entitlement.source", "issue_request.source_kind", "single_use_link.purpose"), "a kind"),
    **dict.fromkeys(("invitation.kind", "invitation.role", "invitation.scope_kind"), "a kind"),
    "refusal.kind": "a kind",
    **dict.fromkeys(("sign_in_event.way", "sign_in_event.outcome"), "a kind"),
    **dict.fromkeys(("audit_entry.action", "audit_entry.object_kind"), "a kind"),
    **dict.fromkeys(("pgqueuer_log.status", "pgqueuer_log.entrypoint"), "a kind"),
    **dict.fromkeys(("outgoing_mail.template", "outgoing_mail.key"), "an occasion, with ids"),
    **dict.fromkeys(("response.domain_name", "response.option_order", "response.right_order"), "the exam's"),
    **dict.fromkeys(("issue_request.achievement", "issue_request.statement"), "what is attested"),
    **dict.fromkeys(("certificate.achievement", "certificate.issuer_name"), "what is attested"),
    **dict.fromkeys(("certificate.number", "certificate.pdf_sha256", "registration.code"), "a code"),
    "audit_entry.before": "states, dates and ids",
    "badge.jwt": "the credential in another form, kept with it",
    "credit.evidence_sha256": "a digest; it is emptied, and the file goes",
    "directory_entry.country": "two letters; its row goes",
    "bulk_line.problem": "sentences of ours",
    "bulk_run.source_name": "what an officer called a file about many",
    "idempotent_request.id": "a digest",
    "idempotent_request.content_type": "a media type",
}
KEPT = {
    "certificate.holder_name": "true",
    "certificate.facts": "true",
    "certificate.status_reason": "true",
    "badge.credential": "true",
    "issue_request.holder_name": "state = 'issued'",
    "issue_request.reason": "state = 'issued'",
    "audit_entry.after": "action LIKE 'certificate.%'",
    "bulk_run.parameters": "parameters ? 'reason' AND NOT parameters ? 'filter'",
    **{f"outgoing_mail.{name}": "is_last" for name in ("to_name", "to_address", "subject", "text", "html")},
    **{f"outgoing_mail.{name}": "is_last" for name in ("attachments", "last_error")},
}
"""What stays, and of which rows: the record of what was conferred and why it was withdrawn (GDPR, 17(3)(e)), and the
mails that wait for addresses which they may share, until they are sent."""
NOT_IN_THE_FILE = {
    **dict.fromkeys(("person.password_hash", "sign_in_session.token_hash", "api_token.token_hash"), "a secret's hash"),
    **dict.fromkeys(("single_use_link.token_hash", "single_use_link.device_hash"), "a secret's hash"),
    "calendar_feed.token_hash": "a secret's hash",
    **dict.fromkeys(("outgoing_mail.text", "outgoing_mail.html", "outgoing_mail.attachments"), "in their mailbox"),
    "outgoing_mail.last_error": "what a mail server said",
    **dict.fromkeys(
        (f"idempotent_request.{name}" for name in ("fingerprint", "location", "body")), "copies, for a day"
    ),
    "pgqueuer_log.traceback": "what a fault of ours wrote down",
    "bulk_run.parameters": "what an officer looked for, or why many were revoked",
    "speaker.biography_html": "the biography, set for a page",
    **dict.fromkeys(("event.search_text", "event.programme_text"), "copies of the speaker's name"),
}


async def columns() -> dict[str, str]:
    """Every column that can hold words, as table.column, and its type."""
    rows = await fetch(
        """SELECT table_name || '.' || column_name AS name, data_type AS type FROM information_schema.columns
           WHERE table_schema = 'public' AND data_type IN
             ('text', 'character varying', 'character', 'json', 'jsonb', 'bytea', 'ARRAY', 'USER-DEFINED', 'inet')
           ORDER BY 1"""
    )
    return {row["name"]: row["type"] for row in rows}


async def marked(condition: str = "true", *, only: str | None = None) -> dict[str, list[str]]:
    """The columns where the marker stands, with what stands there."""
    found: dict[str, list[str]] = {}
    for name, kind in (await columns()).items():
        if only is not None and name != only:
            continue
        table, column = name.split(".")
        text = f"encode({column}, 'escape')" if kind == "bytea" else f"{column}::text"
        sql = f"SELECT {text} AS value FROM {table} WHERE {text} ILIKE $1 AND {condition}"
        if values := [row["value"] for row in await fetch(sql, f"%{MARK}%")]:
            found[name] = values
    return found


async def mark(table: str, where: str, *names: str, person: Person) -> None:
    """Write a marker of its own into each column of the person's rows."""
    for name in names:
        kind = (await columns())[f"{table}.{name}"]
        word = f"{MARK}{table[:9]}{name[:9]}"[:12] if name == "prefix" else f"{MARK} {table} {name}"
        value: Any = {"jsonb": json.dumps({"note": word, "attempts_allowed": 1}), "ARRAY": [word]}.get(kind, word)
        await execute(f"UPDATE {table} SET {name} = $2 WHERE {where}", person.id, value)


async def seed(settings: Settings) -> Person:
    """A person about whom every table knows something, and somebody else's rows that name them."""
    person = await accounts.person(EMAIL, name=NAME)
    await _seed_account(settings, person)
    held = await renewal.certificate(holder=person, name=NAME, now=NOW)
    officer = await renewal.officer_of(held)
    await _seed_exam(person, officer)
    await _seed_credits(held, person, officer)
    await _seed_certificates(held, person, officer)
    await _seed_bulk(held.organization_id, person)
    await _seed_events(person)
    await directory.join(person, "KE")
    return person


async def _seed_account(settings: Settings, person: Person) -> None:
    organization = await accounts.organization("open-systems")
    owner = await accounts.member(organization)
    await accounts.member(organization, Role.viewer, of=person)
    async with accounts.signed_in(create_app(settings), owner) as client:
        body = {"email": EMAIL, "role": "proctor"}
        key = {"idempotency-key": "1"}
        given = await client.post("/api/v1/organizations/open-systems/members", json=body, headers=key)
        assert given.status_code == 201
    async with (
        accounts.with_token(create_app(settings), person),
        accounts.signed_in(create_app(settings), person) as client,
    ):
        await client.post("/api/v1/me/calendar", headers={"idempotency-key": "1"})
    await SignInEvent.create(person=person, at=NOW, way=SignInWay.browser, outcome=SignInOutcome.signed_in)
    await execute(
        """INSERT INTO single_use_link (id, person_id, purpose, token_hash, email, created_at, expires_at)
           VALUES ($1, $2, 'confirm_email', 'x', $3, now(), now() + interval '1 day')""",
        new_id(),
        person.id,
        f"{MARK}.earlier@example.org",
    )
    await Invitation.create(
        organization=organization,
        email=EMAIL,
        kind=InvitationKind.entitlement,
        scope_kind="certification",
        scope_id=new_id(),
        expires_at=NOW + timedelta(days=1),
    )
    attached = [mail.Attachment(f"{MARK} mail attachments.pdf", "application/pdf", b"%PDF-1.7")]
    for address in (EMAIL, f"{MARK}.earlier@example.org"):
        context = {"link": "https://example.org"}
        await mail.send("accounts/reset", to=(NAME, address), context=context, attachments=attached)
    await execute(
        """INSERT INTO pgqueuer_log (created, job_id, status, priority, entrypoint, traceback)
           VALUES (now(), 1, 'exception', 0, 'mail.deliver', $1)""",
        json.dumps({"detail": f"Failing row contains ({EMAIL})"}),
    )
    of_person, where = "person_id = $1", "$1::uuid IS NOT NULL AND "
    await mark("person", "id = $1", "password_hash", person=person)
    await mark("sign_in_session", of_person, "user_agent", "address", "token_hash", person=person)
    await mark("sign_in_event", of_person, "user_agent", "address", person=person)
    await Refusal.create(
        at=NOW,
        kind=RefusalKind.forbidden,
        person_id=person.id,
        address=f"{MARK} refusal address",
        route=f"{MARK} refusal route",
        code=f"{MARK} refusal code",
        request_id=f"{MARK} refusal request_id",
    )
    await mark("api_token", of_person, "name", "prefix", "token_hash", "scopes", person=person)
    await mark("single_use_link", of_person, "token_hash", "device_hash", "next_path", person=person)
    await mark("invitation", f"{where} email = '{EMAIL}'", "terms", person=person)
    await mark("idempotent_request", of_person, "fingerprint", "location", person=person)
    to_them = f"{where} to_address LIKE '{MARK}%'"
    await mark("outgoing_mail", to_them, "subject", "text", "html", "last_error", person=person)


async def _seed_exam(person: Person, officer: Person) -> None:
    exam = await exams.certification()
    attempt = await exams.attempt(exam, person, now=NOW)
    await exams.answer(attempt)
    await attempts.void(attempt, reason=f"{MARK} attempt voided_reason", by=officer, now=NOW)
    await mark("attempt", "person_id = $1", "certificate_name", "regraded_reason", person=person)
    await mark("entitlement", "person_id = $1", "source_reference", person=person)
    mine = "attempt_id IN (SELECT id FROM attempt WHERE person_id = $1)"
    await mark("response", mine, "comment", person=person)
    await Response.filter(attempt_id=attempt.id).update(response=json.dumps(f"{MARK} response response"))


async def _seed_credits(held: Any, person: Person, officer: Person) -> None:
    refused = await renewal.claim(held, now=NOW)
    await credits.decide(refused, is_approved=False, reason=f"{MARK} credit reason", by=officer, now=NOW)
    await credits.reopen(refused, by=officer, now=NOW)
    await credits.decide(refused, is_approved=True, by=officer, now=NOW)
    await renewal.claim(held, content=renewal.PDF + b"\n%%EOF", now=NOW)
    await mark("credit", "person_id = $1", "title", "description", "evidence_name", "reason", person=person)


async def _seed_certificates(held: Any, person: Person, officer: Person) -> None:
    reason = f"{MARK} certificate reason"
    await corrections.correct(held, holder_name=f"{NAME}-{MARK}", reason=f"{MARK} correction", by=officer, now=NOW)
    await statuses.suspend(held, reason=reason, by=officer, now=NOW)
    await mark("issue_request", "person_id = $1 AND state = 'issued'", "reason", person=person)
    exam = await exams.certification()
    waiting = await IssueRequest.create(
        source_kind=SourceKind.attempt,
        source_id=new_id(),
        organization_id=exam.organization_id,
        certification=exam,
        policy=await current_policy(exam.id),
        person=person,
        holder_name=NAME,
        achieved_at=NOW,
        score=Decimal(90),
        state=IssueState.held,
    )
    await mark("issue_request", f"person_id = $1 AND id = '{waiting.id}'", "problem", "reason", person=person)


async def _seed_bulk(organization_id: UUID, person: Person) -> None:
    exam = await exams.certification(await Organization.get(id=organization_id))
    for parameters in ({"filter": {"q": NAME.upper()}}, {"reason": f"{MARK} bulk_run parameters"}):
        run = await BulkRun.create(
            organization_id=organization_id, certification=exam, kind=RunKind.revoke, parameters=parameters
        )
        given = dict.fromkeys(("name", "holder", "reason"), f"{MARK} bulk_line given")
        await BulkLine.create(run=run, position=1, given={**given, "email": EMAIL.upper()})
        await BulkLine.create(run=run, position=2, given={**given, "number": "7K3M"}, person_id=person.id)


async def _seed_events(person: Person) -> None:
    event = await events.published_event()
    await registrations.register(event, by=person, attendee_name=f"{MARK} registration attendee_name", now=NOW)
    await feeds.renew(person, now=NOW)
    speaker = await events.speaker(await event.organization, f"{MARK} speaker name", person=person)
    await mark("speaker", "person_id = $1", "affiliation", "biography", "biography_html", person=person)
    await events.session(event, speakers=[speaker])
    assert await Session.all().count() == 1
    await _reindex(event)
    await mark("calendar_feed", "person_id = $1", "token_hash", person=person)


async def _reindex(event: Any) -> None:
    from events.catalog import events as catalog

    await sessions.reindex(await catalog.lock(event))


async def test_every_column_with_words_is_thought_about(settings: Settings, database: str) -> None:
    await seed(settings)
    seeded = await marked()
    thoughtless = [
        name
        for name in await columns()
        if name not in seeded and name not in NO_WORDS_OF_A_PERSON and name.split(".")[0] not in NO_WORDS_ABOUT_PEOPLE
    ]
    assert thoughtless == []
    assert sorted(set(seeded) & set(NO_WORDS_OF_A_PERSON)) == []


async def test_nothing_outlives_an_erasure_but_the_record_of_what_was_conferred(
    settings: Settings, database: str
) -> None:
    person = await seed(settings)
    before = await marked()
    await erase_person(person, by=person, now=datetime.now(UTC))
    left = await marked()
    assert {name: values for name, values in left.items() if name not in KEPT} == {}
    for name, condition in KEPT.items():
        assert (await marked(f"NOT ({condition})", only=name)) == {}, name
    assert set(KEPT) <= set(before) | {"bulk_run.parameters"}
    assert await IdempotentRequest.filter(person_id=person.id).count() == 0
    assert [one.template for one in await OutgoingMail.filter(to_address=EMAIL)] == ["accounts/erased"]
    evidence = await fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'renewal.forget_evidence'")
    assert evidence == 1


async def test_the_file_holds_everything_that_erasing_knows(settings: Settings, database: str) -> None:
    person = await seed(settings)
    seeded = await marked()
    file = (await my_data(person, now=datetime.now(UTC))).decode()
    document = json.loads(file)
    told = {name: values for name, values in seeded.items() if name not in NOT_IN_THE_FILE}
    missing = {
        name: value
        for name, values in told.items()
        for value in values
        if not _is_in(file, value) and name.split(".")[0] not in NO_WORDS_ABOUT_PEOPLE
    }
    assert missing == {}
    assert [one["base64"][:4] for one in document["evidence_files"]] == ["JVBE", "JVBE"]
    assert {one["comment"] for one in document["attempts"][0]["responses"]} == {f"{MARK} response comment"}
    acts = {(one["action"], one["object_kind"]) for one in document["acts_about_me"]}
    assert {("attempt.voided", "attempt"), ("credit.refused", "credit"), ("member.granted", "person")} <= acts
    assert {("certificate.suspended", "certificate"), ("certificate.issued", "certificate")} <= acts
    assert "actor_id" not in document["acts_about_me"][0]


def _is_in(file: str, value: str) -> bool:
    """Whether a stored value is in the file: as it is, or, where it is JSON or an array, each marked word of it."""
    if json.dumps(value, ensure_ascii=False)[1:-1] in file:
        return True
    try:
        words = [word for word in _words(json.loads(value)) if MARK in word.lower()]
    except ValueError:
        words = [value.strip('{}"')]
    return all(json.dumps(word, ensure_ascii=False)[1:-1] in file for word in words)


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str):
        yield value
