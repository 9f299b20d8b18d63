"""A backup restored into another database and another file store is the same, byte for byte."""

import gzip
import hashlib
import json
import tarfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import asyncpg
import obstore
import pytest
from obstore.store import LocalStore

from api.backup import BackupFailed, back_up, restore, verify
from core.database import execute
from tests import postgres

FILES = {
    "ab/abcdef": b"%PDF-1.7 \x00\xff a certificate",
    "cd/cdef": b"x" * 3_000_000,
    "empty": b"",
}


@pytest.fixture
async def empty_database(test_server: str, worker_id: str) -> AsyncIterator[str]:
    """URL of a database without any table, beside the worker's own."""
    name = f"{postgres.name_for(worker_id)}_empty"
    connection = await asyncpg.connect(test_server)
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    await connection.close()
    yield postgres.database_url(test_server, name)
    await postgres.drop(test_server, name)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """A file store with three files."""
    filled = LocalStore(tmp_path / "store", mkdir=True)
    for path, content in FILES.items():
        obstore.put(filled, path, content)
    return filled


async def fill(count: int = 3) -> None:
    for number in range(count):
        await execute(
            "INSERT INTO audit_entry (id, at, action, object_kind, object_id, after) VALUES"
            " (gen_random_uuid(), now(), $1, 'note', gen_random_uuid(), $2::jsonb)",
            f"Ünïcode {number}; \\. $$",
            json.dumps({"text": "tab\tnewline\nquote'"}),
        )


async def contents(url: str) -> dict[str, list[str]]:
    """All rows of all tables as text, sorted."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return {
            table: [
                row["text"] for row in await connection.fetch(f'SELECT t::text AS text FROM "{table}" t ORDER BY 1')
            ]
            for (table,) in tables
        }
    finally:
        await connection.close()


def stored(store: LocalStore) -> dict[str, bytes]:
    return {entry["path"]: bytes(obstore.get(store, entry["path"]).bytes()) for b in obstore.list(store) for entry in b}


def rewrite(source: Path, target: Path, changes: dict[str, bytes]) -> None:
    """Copy a backup with the content of some members replaced."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            content = old.extractfile(member)
            assert content is not None
            text = changes.get(member.name, content.read())
            member.size = len(text)
            new.addfile(member, BytesIO(text))


async def test_restored_database_and_files_equal_the_originals(
    database: str, empty_database: str, store: LocalStore, tmp_path: Path
) -> None:
    await fill()
    manifest = await back_up(database, store, tmp_path / "backup.tar")
    assert (tmp_path / "backup.tar").stat().st_mode & 0o777 == 0o600
    assert verify(tmp_path / "backup.tar")["members"] == manifest["members"]

    target = LocalStore(tmp_path / "restored", mkdir=True)
    await restore(empty_database, target, tmp_path / "backup.tar")

    original = await contents(database)
    assert len(original["audit_entry"]) == 3
    assert await contents(empty_database) == original
    assert stored(target) == FILES


async def test_a_file_that_goes_while_files_are_copied_is_left_out(
    database: str, store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [{"path": "mails/ab/forgotten"}, *(entry for batch in obstore.list(store) for entry in batch)]
    monkeypatch.setattr(obstore, "list", lambda _store: [listed])
    manifest = await back_up(database, store, tmp_path / "backup.tar")
    assert {name for name in manifest["members"] if name.startswith("files/")} == {f"files/{path}" for path in FILES}


async def test_restored_database_keeps_its_rules(
    database: str, empty_database: str, store: LocalStore, tmp_path: Path
) -> None:
    await fill()
    await back_up(database, store, tmp_path / "backup.tar")
    await restore(empty_database, store, tmp_path / "backup.tar")
    connection = await asyncpg.connect(empty_database)
    try:
        with pytest.raises(asyncpg.PostgresError, match="audit_entry"):
            await connection.execute("DELETE FROM audit_entry")
    finally:
        await connection.close()


async def test_database_with_tables_is_replaced_by_force_only(database: str, store: LocalStore, tmp_path: Path) -> None:
    await fill(2)
    await back_up(database, store, tmp_path / "backup.tar")
    before = await contents(database)
    await fill(5)
    with pytest.raises(BackupFailed, match="not empty"):
        await restore(database, store, tmp_path / "backup.tar")
    assert len((await contents(database))["audit_entry"]) == 7
    await restore(database, store, tmp_path / "backup.tar", force=True)
    assert await contents(database) == before


async def test_damaged_backup_changes_nothing(
    database: str, empty_database: str, store: LocalStore, tmp_path: Path
) -> None:
    await back_up(database, store, tmp_path / "backup.tar")
    rewrite(tmp_path / "backup.tar", tmp_path / "flipped.tar", {"files/ab/abcdef": b"%PDF-1.7 \x00\xfe a certificate"})
    target = LocalStore(tmp_path / "restored", mkdir=True)
    with pytest.raises(BackupFailed, match="files/ab/abcdef"):
        await restore(empty_database, target, tmp_path / "flipped.tar")

    whole = (tmp_path / "backup.tar").read_bytes()
    (tmp_path / "short.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupFailed, match=r"damaged|not a whole backup"):
        await restore(empty_database, target, tmp_path / "short.tar")
    (tmp_path / "other.tar").write_bytes(b"not a tar at all")
    with pytest.raises(BackupFailed, match="not a backup"):
        await restore(empty_database, target, tmp_path / "other.tar")

    assert await contents(empty_database) == {}
    assert stored(target) == {}


async def test_backup_of_a_later_version_is_refused_by_name(
    database: str, empty_database: str, store: LocalStore, tmp_path: Path
) -> None:
    await back_up(database, store, tmp_path / "backup.tar")
    manifest = verify(tmp_path / "backup.tar")
    manifest["migrations"].append(["events", "9999_from_the_future"])
    rewrite(tmp_path / "backup.tar", tmp_path / "later.tar", {"manifest.json": json.dumps(manifest).encode()})
    with pytest.raises(BackupFailed, match=r"events\.9999_from_the_future"):
        await restore(empty_database, store, tmp_path / "later.tar")


async def test_failure_in_the_middle_leaves_the_database_as_it_was(
    database: str, store: LocalStore, tmp_path: Path
) -> None:
    """The dump's last statement is made to fail: everything before it must be rolled back."""
    await back_up(database, store, tmp_path / "backup.tar")
    await fill(4)
    before = await contents(database)
    with tarfile.open(tmp_path / "backup.tar") as tar:
        member = tar.extractfile("database.sql.gz")
        assert member is not None
        script = gzip.compress(gzip.decompress(member.read()) + b"SELECT 1 / 0;\n")
    manifest = verify(tmp_path / "backup.tar")
    manifest["members"]["database.sql.gz"] = {"bytes": len(script), "sha256": hashlib.sha256(script).hexdigest()}
    changes = {"database.sql.gz": script, "manifest.json": json.dumps(manifest).encode()}
    rewrite(tmp_path / "backup.tar", tmp_path / "failing.tar", changes)
    with pytest.raises(BackupFailed, match="division by zero"):
        await restore(database, store, tmp_path / "failing.tar", force=True)
    assert await contents(database) == before


async def test_backup_of_an_empty_database_is_refused(empty_database: str, store: LocalStore, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="nothing to back up"):
        await back_up(empty_database, store, tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()
