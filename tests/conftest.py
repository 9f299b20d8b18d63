"""What every test may ask for: a clean database, a connection to it, and settings that touch nothing outside.

`database_url`  URL of this worker's database, empty but for what the migrations put there.
`database`      the same with Tortoise connected; depend on it in tests that call commands.
`settings`      test settings for that database, with files under the test's own folder, made the process's settings.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from subprocess import Popen

import pytest

from core import database as core_database
from core.settings import Environment, Settings, use_settings
from tests import postgres, undertaker

_RUN = "CONFERO_TEST_RUN"


_UNDERTAKER = pytest.StashKey[Popen[bytes]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--shuffle 7` runs the tests in another order, the same for the same number."""
    parser.addoption("--shuffle", type=int, default=None, metavar="SEED", help="random order; SEED names one")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle where that was asked for; every worker arrives at the same order."""
    if (seed := config.getoption("shuffle")) is not None:
        random.Random(seed).shuffle(items)


def pytest_configure(config: pytest.Config) -> None:
    """Keep the operator's environment out of the tests, workers included; see to it that nothing outlives the run.

    A shell that starts the run in the background has it ignore Ctrl-C, and so every program that a test starts, too.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in [name for name in os.environ if name.startswith("CONFERO_") and not name.startswith("CONFERO_TEST_")]:
        del os.environ[name]
    if not hasattr(config, "workerinput"):
        os.environ[_RUN] = str(os.getpid())
        config.stash[_UNDERTAKER] = undertaker.watch()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End whatever the tests have left running."""
    if (watching := config.stash.get(_UNDERTAKER, None)) is not None:
        undertaker.dismiss(watching)


@pytest.fixture(autouse=True)
def _settings_of_one_test(tmp_path: Path) -> None:
    """Each test begins with settings of its own, whatever the one before it has set."""
    use_settings(_settings(tmp_path, None))


@pytest.fixture(scope="session")
def test_server() -> Iterator[str]:
    """URL of the PostgreSQL server; held for the whole run, so that a run beside this one cannot stop it."""
    if given := os.environ.get(postgres.SERVER_VARIABLE):
        yield given
        return
    stack = AsyncExitStack()
    with asyncio.Runner() as runner:
        yield runner.run(stack.enter_async_context(postgres.embedded_server().shared()))
        runner.run(stack.aclose())


@pytest.fixture(scope="session")
def worker_database(test_server: str, worker_id: str) -> Iterator[str]:
    """URL of the database that belongs to this xdist worker; made from the template, dropped at the end."""
    name = postgres.name_for(worker_id)
    asyncio.run(postgres.drop_forgotten(test_server))
    yield asyncio.run(postgres.create(test_server, name))
    asyncio.run(postgres.drop(test_server, name))


@pytest.fixture
async def database_url(worker_database: str) -> str:
    """URL of a database that is clean at the start of the test; any number of processes may use and change it."""
    await postgres.clean(worker_database)
    return worker_database


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a test, made those of this process."""
    chosen = _settings(tmp_path, database_url)
    use_settings(chosen)
    return chosen


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[str]:
    """Tortoise connected to the clean database, on this test's event loop; yields its URL."""
    assert settings.database_url is not None
    await core_database.connect(settings.database_url, pool_size=10, application_name="confero-test")
    yield settings.database_url
    await core_database.disconnect()


def _settings(var_dir: Path, database_url: str | None) -> Settings:
    """Settings for a test; fonts are the ones cut at set-up, everything else lies in `var_dir`."""
    return Settings(
        _env_file=None,
        environment=Environment.test,
        public_url="http://testserver",
        database_url=database_url,
        var_dir=var_dir,
        fonts_dir=postgres.ROOT / "var" / "fonts",
    )
