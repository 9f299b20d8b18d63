"""The PostgreSQL of the tests: one server for every run on this machine, one template, one database per worker.

`CONFERO_TEST_DATABASE_URL` names a server with the right to create databases; with none the embedded one starts under
var/test-postgres, shared by all pytest runs of this checkout and stopped by the last. It may lose everything in a
power cut (fsync is off), and nothing else is different from the real one.
"""

import hashlib
import os
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil

from core.database import APPS
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from tests import undertaker

ROOT = undertaker.ROOT
SERVER_VARIABLE = "CONFERO_TEST_DATABASE_URL"
_BUILD_LOCK = 0x434F4E46

CLEAN = """
DO $$
DECLARE
    each record;
    has_rows boolean;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET LOCAL session_replication_role = replica;
    FOR each IN SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
      WHERE schemaname = 'public' AND tablename NOT IN (SELECT name FROM test_seeded) AND tablename <> 'test_seeded'
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || each.name || ')' INTO has_rows;
        IF has_rows THEN
            EXECUTE 'DELETE FROM ' || each.name;
        END IF;
    END LOOP;
    FOR each IN SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename) AS name, start_value
      FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
    LOOP
        PERFORM setval(each.name, each.start_value, false);
    END LOOP;
END $$
"""
"""Empties every table that has rows (triggers and foreign keys set aside), which takes 5 ms where TRUNCATE of all
tables takes 60. Tables that the migrations fill stay. Connections that an earlier test forgot are ended."""


def embedded_server() -> EmbeddedPostgres:
    """The server used where no other is named."""
    relaxed = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "300",
        "autovacuum": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
    }
    return EmbeddedPostgres(undertaker.SHARED, options=relaxed)


def database_url(server: str, name: str) -> str:
    """URL of the database `name` on the server that `server` points to."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


async def template(server: str) -> str:
    """Name of the template database for the present migrations; built by them once, whoever comes first."""
    name = f"confero_template_{_schema_hash()}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _BUILD_LOCK)
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            building = f"{name}_new"
            await connection.execute(f'DROP DATABASE IF EXISTS "{building}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{building}"')
            await migrate(database_url(server, building))
            await _note_seeded_tables(database_url(server, building))
            await connection.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    finally:
        await connection.close()
    return name


async def create(server: str, name: str) -> str:
    """Make the database `name` from the template; returns its URL."""
    source = await template(server)
    connection = await asyncpg.connect(server)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _BUILD_LOCK)
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    finally:
        await connection.close()
    return database_url(server, name)


async def drop(server: str, name: str) -> None:
    """Remove the database `name`, whoever is connected to it."""
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


async def drop_forgotten(server: str) -> None:
    """Remove the databases of runs that were killed, known by the process number in their name."""
    connection = await asyncpg.connect(server)
    try:
        for row in await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'confero\\_test\\_%'"):
            if not psutil.pid_exists(int(row["datname"].split("_")[2])):
                await connection.execute(f'DROP DATABASE IF EXISTS "{row["datname"]}" WITH (FORCE)')
    finally:
        await connection.close()


async def clean(url: str) -> None:
    """Bring the database back to what the migrations left."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(CLEAN)
    finally:
        await connection.close()


async def _note_seeded_tables(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE test_seeded (name text PRIMARY KEY)")
        for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            if await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{row["tablename"]}")'):
                await connection.execute("INSERT INTO test_seeded VALUES ($1)", row["tablename"])
    finally:
        await connection.close()


def _schema_hash() -> str:
    digest = hashlib.sha256(f"{version('tortoise-orm')} {version('pgqueuer')}".encode())
    files = [ROOT / "core" / "migrate.py", Path(__file__)]
    for app in APPS:
        files += sorted((ROOT / app / "migrations").glob("*.py"))
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def name_for(worker: str) -> str:
    """Name of the database of one worker of this run; holds the process number of the run's first process."""
    return f"confero_test_{os.environ['CONFERO_TEST_RUN']}_{worker}"
