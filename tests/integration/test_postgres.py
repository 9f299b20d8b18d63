"""The embedded PostgreSQL survives what happens to laptops: kills, stale files, two starts at once."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from core.postgres import AlreadyOwned, EmbeddedPostgres, PostgresFailed
from core.system_user import unprivileged_account

OWNER = """
import asyncio, sys
from pathlib import Path
from core.postgres import EmbeddedPostgres

async def own():
    async with EmbeddedPostgres(Path(sys.argv[1]), options={"fsync": "off"}).owned() as url:
        print(url, flush=True)
        await asyncio.sleep(600)

asyncio.run(own())
"""


async def remember(url: str, word: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS note (word text)")
    await connection.execute("INSERT INTO note VALUES ($1)", word)
    await connection.close()


async def remembered(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    words = [row["word"] for row in await connection.fetch("SELECT word FROM note ORDER BY word")]
    await connection.close()
    return words


async def test_second_start_finds_what_the_first_one_stored(embedded: EmbeddedPostgres) -> None:
    async with embedded.owned() as url:
        await remember(url, "kept")
    assert not await embedded.answers()
    async with embedded.owned() as url:
        assert await remembered(url) == ["kept"]
    assert not (embedded.data / "postmaster.pid").exists()


async def test_server_has_the_extensions_and_never_listens_on_the_network(embedded: EmbeddedPostgres) -> None:
    async with embedded.owned() as url:
        connection = await asyncpg.connect(url)
        for extension in ("btree_gist", "citext", "pg_trgm", "unaccent"):
            await connection.execute(f"CREATE EXTENSION {extension}")
        assert await connection.fetchval("SHOW listen_addresses") == ""
        assert await connection.fetchval("SHOW data_checksums") == "on"
        await connection.close()
        assert embedded.socket_folder.stat().st_mode & 0o777 == 0o700
        readable = [path for path in embedded.folder.rglob("*") if path.lstat().st_mode & 0o066]
        assert [path for path in (embedded.folder, *readable) if path.lstat().st_mode & 0o066] == []
        assert embedded.pid is not None
        assert psutil.Process(embedded.pid).uids().effective != 0


async def test_second_owner_is_refused_while_the_first_one_runs(embedded: EmbeddedPostgres) -> None:
    async with embedded.owned() as url:
        with pytest.raises(AlreadyOwned, match="Another Confero is running"):
            async with EmbeddedPostgres(embedded.folder).owned():
                pytest.fail("two owners at once")
        await remember(url, "unharmed")
        assert await remembered(url) == ["unharmed"]


async def test_server_left_by_a_killed_owner_is_taken_over(embedded: EmbeddedPostgres) -> None:
    command = [sys.executable, "-c", OWNER, str(embedded.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:  # noqa: ASYNC220
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        await remember(url, "before the kill")
        owner.send_signal(signal.SIGKILL)
    left = int((embedded.data / "postmaster.pid").read_text().split()[0])
    assert psutil.pid_exists(left)
    async with embedded.owned() as url:
        assert embedded.pid != left
        assert await remembered(url) == ["before the kill"]


async def test_stale_pid_file_with_a_reused_number_does_not_block_the_start(embedded: EmbeddedPostgres) -> None:
    async with embedded.owned() as url:
        await remember(url, "kept")
    # The number of a living process that is not PostgreSQL: this one.
    (embedded.data / "postmaster.pid").write_text(f"{os.getpid()}\n{embedded.data}\n1\n5432\n{embedded.data}\n")
    async with embedded.owned() as url:
        assert await remembered(url) == ["kept"]


async def test_stale_lock_of_the_socket_with_a_reused_number_does_not_block_the_start(
    embedded: EmbeddedPostgres,
) -> None:
    async with embedded.owned() as url:
        await remember(url, "kept")
    account = unprivileged_account()
    # PostgreSQL takes a process of another user for dead, so this one runs under the server's own.
    other = subprocess.Popen(  # noqa: ASYNC220
        ["/bin/sleep", "600"], user=account.uid if account else None
    )
    try:
        lock = f"{other.pid}\n{embedded.data}\n1\n5432\n{embedded.socket_folder}\n"
        (embedded.socket_folder / ".s.PGSQL.5432.lock").write_text(lock)
        async with embedded.owned() as url:
            assert await remembered(url) == ["kept"]
    finally:
        other.kill()
        other.wait()


async def test_power_cut_is_recovered_from(embedded: EmbeddedPostgres) -> None:
    await embedded.start()
    await remember(embedded.url(), "committed")
    postmaster = psutil.Process(embedded.pid)
    for process in [postmaster, *postmaster.children(recursive=True)]:
        process.kill()
    await asyncio.to_thread(embedded.end)
    assert (embedded.data / "postmaster.pid").exists()
    async with EmbeddedPostgres(embedded.folder).owned() as url:
        assert await remembered(url) == ["committed"]
    assert not embedded.is_alive


async def test_half_made_cluster_of_an_interrupted_first_start_is_replaced(embedded: EmbeddedPostgres) -> None:
    (embedded.folder / "data.new" / "base").mkdir(parents=True)
    (embedded.folder / "data").mkdir()
    async with embedded.owned() as url:
        await remember(url, "works")


async def test_folder_too_deep_for_a_socket_works(tmp_path: Path) -> None:
    deep = EmbeddedPostgres(tmp_path / ("deep" * 20), options={"fsync": "off"})
    assert not deep.socket_folder.is_relative_to(tmp_path)
    try:
        async with deep.owned() as url:
            await remember(url, "works")
    finally:
        deep.socket_folder.rmdir()


async def test_cluster_of_another_version_is_refused_with_the_way_out(embedded: EmbeddedPostgres) -> None:
    async with embedded.owned():
        pass
    (embedded.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresFailed, match="written by PostgreSQL 17"):
        await embedded.start()


async def test_shared_server_stays_until_its_last_user_goes(embedded: EmbeddedPostgres) -> None:
    other = EmbeddedPostgres(embedded.folder, options=embedded.options)
    async with embedded.shared():
        async with other.shared() as url:
            await remember(url, "shared")
        assert await embedded.answers()
    assert not await embedded.answers()
