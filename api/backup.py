"""Backup and restore: one tar file with the database, every file of the store, and a manifest that proves both whole.

Layout: `database.sql.gz` (plain SQL by pg_dump, readable in twenty years), `files/<path in the store>`, and last
`manifest.json` with versions, the migrations applied, and the size and SHA-256 of every member. The database is
written first: files are stored before the commit that refers to them, so whatever the dump refers to is in the store
when the files are copied, and a backup needs no pause.
"""

import asyncio
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg
import obstore
from obstore.store import ObjectStore

from core.migrate import known, migrate
from core.postgres import program

FORMAT = 1
_DATABASE, _MANIFEST, _FILES = "database.sql.gz", "manifest.json", "files/"
_CHUNK = 1 << 20
_NEWER_THAN_THE_OLDEST_SERVER = b"SET transaction_timeout"  # PostgreSQL 17; a server of version 15 refuses it.


class BackupFailed(Exception):
    """A backup or restore could not be carried out; nothing was changed. The message says what to do."""


async def back_up(database_url: str, store: ObjectStore, target: Path) -> dict[str, Any]:
    """Write database and files to `target` and return the manifest. Everything may go on running meanwhile.

    `target` appears whole or not at all, readable by its owner only. Raises `BackupFailed`.
    """
    manifest = {
        "format": FORMAT,
        "confero": version("confero"),
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "migrations": await _applied(database_url),
        "members": {},
    }
    await asyncio.to_thread(_write, database_url, store, target, manifest)
    return manifest


def _write(database_url: str, store: ObjectStore, target: Path, manifest: dict[str, Any]) -> None:
    partial = target.with_name(target.name + ".partial")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as output:
            with tarfile.open(fileobj=output, mode="w") as tar:
                with tempfile.TemporaryFile(dir=target.absolute().parent) as dump:
                    _dump(database_url, dump)
                    _add(tar, _DATABASE, dump, manifest)
                for path in _paths(store):
                    with tempfile.SpooledTemporaryFile(max_size=32 * _CHUNK, dir=str(target.absolute().parent)) as copy:
                        if _copied(store, path, cast("IO[bytes]", copy)):
                            _add(tar, _FILES + path, cast("IO[bytes]", copy), manifest)
                text = json.dumps(manifest, indent=1, sort_keys=True).encode()
                tar.addfile(_member(_MANIFEST, len(text)), io.BytesIO(text))
            output.flush()
            os.fsync(output.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], manifest: dict[str, Any]) -> None:
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    manifest["members"][name] = {"bytes": size, "sha256": _sha256(content)}
    content.seek(0)
    tar.addfile(_member(name, size), content)


def _sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(time.time())
    return member


def _paths(store: ObjectStore) -> Iterator[str]:
    for batch in obstore.list(store):
        for entry in batch:
            yield entry["path"]


def _copied(store: ObjectStore, path: str, output: IO[bytes]) -> bool:
    """Copy a file; False where it went since it was listed, as the files of forgotten mails do."""
    try:
        found = obstore.get(store, path)
    except FileNotFoundError:
        return False
    for chunk in found.stream(min_chunk_size=_CHUNK):
        output.write(bytes(chunk))
    return True


def _dump(database_url: str, output: IO[bytes]) -> None:
    address, environment = _libpq(database_url)
    command = [str(program("pg_dump")), "--no-owner", "--no-privileges", "--no-comments", "--compress=gzip:6", address]
    done = subprocess.run(command, env=environment, stdout=output, stderr=subprocess.PIPE, check=False)  # noqa: S603
    if done.returncode != 0:
        raise BackupFailed(f"pg_dump failed: {done.stderr.decode(errors='replace').strip()}")


async def restore(database_url: str, store: ObjectStore, source: Path, *, force: bool = False) -> dict[str, Any]:
    """Put the backup `source` into the database and the store, then migrate; returns the manifest.

    Everything is verified first. Files are written before the database, which changes in a single transaction, so a
    restore that fails anywhere leaves the database as it was. Nothing may use the database meanwhile. Raises
    `BackupFailed` if the database has tables and `force` is not given, or if the backup is damaged or newer.
    """
    manifest = await asyncio.to_thread(verify, source)
    _refuse_newer(manifest)
    if not force and await _tables(database_url):
        raise BackupFailed("The database is not empty. Restore into an empty one, or replace this one with --force.")
    await asyncio.to_thread(_read_files, store, source)
    await asyncio.to_thread(_load, database_url, source)
    await migrate(database_url)
    return manifest


def verify(source: Path) -> dict[str, Any]:
    """Read the whole backup and compare every byte with the manifest, which is returned. Raises `BackupFailed`."""
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(source, "r:") as tar:
            for member in tar:
                content = _content(tar, member)
                if member.name == _MANIFEST:
                    manifest = json.load(content)
                    continue
                found[member.name] = {"bytes": member.size, "sha256": _sha256(content)}
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise BackupFailed(f"{source} is not a backup, or is damaged: {error}") from None
    if manifest is None or manifest.get("format") != FORMAT:
        raise BackupFailed(f"{source} is not a whole backup of this format.")
    wrong = sorted(name for name in {*found, *manifest["members"]} if found.get(name) != manifest["members"].get(name))
    if wrong:
        raise BackupFailed(f"{source} is damaged: {', '.join(wrong[:5])} differ from the manifest.")
    return manifest


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    if content is None:
        raise BackupFailed(f"The backup holds {member.name}, which is not a file.")
    return content


def _refuse_newer(manifest: dict[str, Any]) -> None:
    unknown = sorted(f"{app}.{name}" for app, name in manifest["migrations"] if (app, name) not in known())
    if unknown:
        raise BackupFailed(
            f"Confero {manifest['confero']} wrote this backup, and it has changes of the database that this version"
            f" does not know ({', '.join(unknown)}). Install that version or a later one."
        )


def _read_files(store: ObjectStore, source: Path) -> None:
    with tarfile.open(source, "r:") as tar:
        for member in tar:
            if member.name.startswith(_FILES):
                obstore.put(store, member.name.removeprefix(_FILES), _content(tar, member))


def _load(database_url: str, source: Path) -> None:
    """Replace the schema `public` by the dump, in one transaction.

    BEGIN and COMMIT travel in the script: a script that is cut off anywhere is rolled back when psql ends.
    """
    address, environment = _libpq(database_url)
    command = [str(program("psql")), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", address]
    with tarfile.open(source, "r:") as tar, tempfile.TemporaryFile() as errors:
        psql = subprocess.Popen(  # noqa: S603  # our own program with our own arguments
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
        )
        assert psql.stdin is not None
        # A broken pipe means that psql has ended with an error, which is reported below.
        with suppress(BrokenPipeError), psql.stdin as script:
            script.write(b"BEGIN;\nDROP SCHEMA IF EXISTS public CASCADE;\nCREATE SCHEMA public;\n")
            with gzip.open(_content(tar, tar.getmember(_DATABASE))) as dump:
                _write_script(dump, script)
            script.write(b"\nCOMMIT;\n")
        if psql.wait() != 0:
            errors.seek(0)
            raise BackupFailed(f"The database refused the backup: {errors.read().decode(errors='replace').strip()}")


def _write_script(dump: Any, script: IO[bytes]) -> None:
    """Copy SQL, without the one setting that older servers do not have. (Any: gzip's file is typed as a union.)"""
    for _ in range(40):  # It stands in the first lines; rows of a table must never be looked at.
        line = dump.readline()
        if not line.startswith(_NEWER_THAN_THE_OLDEST_SERVER):
            script.write(line)
    while chunk := dump.read(_CHUNK):
        script.write(chunk)


async def _applied(database_url: str) -> Sequence[tuple[str, str]]:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT app, name FROM tortoise_migrations ORDER BY app, name")
    except asyncpg.UndefinedTableError:
        raise BackupFailed("The database is empty: there is nothing to back up.") from None
    finally:
        await connection.close()
    return [(row["app"], row["name"]) for row in rows]


async def _tables(database_url: str) -> int:
    connection = await asyncpg.connect(database_url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
    finally:
        await connection.close()


def _libpq(database_url: str) -> tuple[str, dict[str, str]]:
    """The address without its password, and an environment that holds it: arguments are visible to everybody."""
    parts = urlsplit(database_url)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    if parts.password:
        environment["PGPASSWORD"] = unquote(parts.password)
    user, _, _ = parts.netloc.rpartition("@")
    netloc = parts.netloc.replace(user, user.split(":")[0], 1) if user else parts.netloc
    return urlunsplit(parts._replace(netloc=netloc)), environment
