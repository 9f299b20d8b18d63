"""The application's own database role: it does all its work, and cannot change what was recorded."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from obstore.store import LocalStore

from accounts.models import AuditEntry, Person
from api.app import create_app
from api.backup import back_up
from api.worker import import_jobs
from certification.certificates.models import Certificate
from certification.exams import attempts
from core import database as core_database
from core.grants import CannotGrant, verifier
from core.job_runner import run_pending
from core.migrate import SchemaOutdated, migrate
from core.models import OutgoingMail
from core.settings import Settings
from events.registration.models import Registration
from tests import postgres
from tests.factories import accounts, certification, events
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import link_to

NOW = datetime.now(UTC)
import_jobs()


def as_role(url: str, role: str) -> str:
    """The same database for another role."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}:s3cr3t@{parts.netloc.rpartition('@')[2]}"))


@pytest.fixture
async def application_url(database_url: str, worker_id: str) -> AsyncIterator[str]:
    """URL of a role that `confero migrate` made and granted what the application needs; dropped afterwards."""
    role = f"{postgres.name_for(worker_id)}_app"
    url = as_role(database_url, role)
    await migrate(database_url, application_url=url)
    yield url
    owner = await asyncpg.connect(database_url)
    await owner.execute(f'DROP OWNED BY "{role}"')
    await owner.execute(f'DROP ROLE "{role}"')
    await owner.close()


@pytest.fixture
async def application(application_url: str, settings: Settings) -> AsyncIterator[str]:
    """The process connected as that role alone."""
    settings.database_url = application_url
    await core_database.connect(application_url, pool_size=10, application_name="confero-test")
    yield application_url
    await core_database.disconnect()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'nothing'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "ALTER TABLE audit_entry DISABLE TRIGGER USER",
        "ALTER TABLE audit_entry ADD COLUMN more text",
        "DROP TRIGGER audit_entry_append_only ON audit_entry",
        "DROP TRIGGER audit_entry_no_truncate ON audit_entry",
        "DROP TABLE audit_entry CASCADE",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "SET session_replication_role = replica",
        "CREATE TABLE own (id int)",
        "DELETE FROM tortoise_migrations",
        "TRUNCATE person CASCADE",
    ],
)
async def test_the_application_cannot_change_what_was_recorded(application_url: str, statement: str) -> None:
    connection = await asyncpg.connect(application_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("table", ["audit_entry", "certificate", "badge", "result", "item_version", "layout_version"])
async def test_even_the_owner_truncates_nothing_that_was_recorded(database_url: str, table: str) -> None:
    owner = await asyncpg.connect(database_url)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="is append-only: TRUNCATE refused"):
            await owner.execute(f"TRUNCATE {table} CASCADE")
    finally:
        await owner.close()


async def test_the_application_does_its_whole_work(application: str, settings: Settings, tmp_path: Path) -> None:
    organization = await accounts.organization()
    event = await events.published_event(organization)
    async with accounts.signed_in(create_app(settings), None) as browser:
        new = {"email": "amina@example.org", "password": PASSWORD, "name": "Amina Otieno"}
        assert (await browser.post("/sign-up", data=new)).status_code in (200, 303)
        await Person.filter(email="amina@example.org").update(email_confirmed_at=NOW)
        assert (await browser.post("/sign-in", data={"email": new["email"], "password": PASSWORD})).status_code == 303
        assert (await browser.post(f"/events/{event.slug}/register", data={})).status_code == 303
        assert (await browser.post("/reset", data={"email": "amina@example.org"})).status_code == 200
        reset = await browser.post(
            await link_to("amina@example.org", "reset"), data={"password": "seven green tram lines"}
        )
        assert reset.status_code == 303
    amina = await Person.get(email="amina@example.org")
    assert await Registration.filter(person_id=amina.id).count() == 1
    attempt = await certification.attempt(await certification.certification(organization), person=amina, now=NOW)
    await certification.answer(attempt)
    await attempts.submit(attempt, by=amina, now=NOW)
    await run_pending()
    assert await Certificate.filter(person_id=amina.id).count() == 1
    assert await OutgoingMail.filter(sent_at=None).count() == 0
    assert await AuditEntry.filter(actor_id=amina.id).count() > 3
    await migrate(application)  # nothing is pending, so nothing is asked of this role
    (tmp_path / "store").mkdir()
    manifest = await back_up(application, LocalStore(tmp_path / "store"), tmp_path / "confero.tar")
    assert "database.sql.gz" in manifest["members"]


async def test_granting_again_changes_nothing_and_follows_new_tables(database_url: str, application_url: str) -> None:
    owner, other = await asyncpg.connect(database_url), await asyncpg.connect(application_url)
    await owner.execute("CREATE TABLE later (id serial)")
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await other.execute("INSERT INTO later DEFAULT VALUES")
        await asyncio.gather(*(migrate(database_url, application_url=application_url) for _n in range(3)))
        await other.execute("INSERT INTO later DEFAULT VALUES")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await other.execute("DELETE FROM audit_entry")
    finally:
        await owner.execute("DROP TABLE later")
        await owner.close()
        await other.close()


async def test_one_role_for_both_works_as_before(database_url: str) -> None:
    await migrate(database_url, application_url=database_url)


async def test_a_role_that_may_everything_is_refused(database_url: str, worker_id: str) -> None:
    role, owner = f"{postgres.name_for(worker_id)}_super", await asyncpg.connect(database_url)
    await owner.execute(f'CREATE ROLE "{role}" LOGIN SUPERUSER')
    try:
        with pytest.raises(CannotGrant, match="Give the application a plain role"):
            await migrate(database_url, application_url=as_role(database_url, role))
    finally:
        await owner.execute(f'DROP ROLE "{role}"')
        await owner.close()


async def test_a_database_that_is_behind_is_named_to_a_role_that_may_not_change_it(
    database_url: str, application_url: str
) -> None:
    owner = await asyncpg.connect(database_url)
    await owner.execute("UPDATE tortoise_migrations SET name = name || '_' WHERE app = 'core' AND name LIKE '0003%'")
    try:
        with pytest.raises(SchemaOutdated, match="confero migrate"):
            await migrate(application_url)
    finally:
        await owner.execute("UPDATE tortoise_migrations SET name = rtrim(name, '_') WHERE app = 'core'")
        await owner.close()


async def test_the_password_is_stored_as_postgresql_would(database_url: str, application_url: str) -> None:
    owner = await asyncpg.connect(database_url)
    try:
        stored = await owner.fetchval(
            "SELECT rolpassword FROM pg_authid WHERE rolname = $1", urlsplit(application_url).username
        )
    finally:
        await owner.close()
    assert stored.startswith("SCRAM-SHA-256$4096:")
    assert "s3cr3t" not in stored
    assert verifier("x") != verifier("x")
