"""Confined children: they answer as the function would, and are stopped, whatever they do."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core import confinement
from core.confinement import Stopped, Why, children, messages
from core.errors import Busy, InvalidInput
from core.i18n import gettext, use_locale
from tests import confined_work as work
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let answers hold this module's own data."""
    monkeypatch.setattr(messages, "_OURS", (*messages._OURS, "tests."))


async def test_answers_as_the_function_would() -> None:
    assert await confinement.run(work.find, "facts", seconds=5) == work.Fact("facts", 5)
    assert confinement.run_here(work.find, "here", seconds=5) == work.Fact("here", 4)


async def test_a_child_is_kept_warm_for_the_next_piece_of_work() -> None:
    first = await confinement.run(work.number_of_this_process, seconds=5)
    assert first not in (os.getpid(), os.getppid())
    assert await confinement.run(work.number_of_this_process, seconds=5) == first


def test_a_child_of_a_large_process_is_kept_warm_too() -> None:
    """The kernel counts the parent's memory as the child's until it begins; a suite or a worker has much."""
    program = (
        "held = bytearray(b'x') * 400_000_000\n"
        "from core import confinement\nfrom tests import confined_work as work\n"
        "print(*(confinement.run_here(work.number_of_this_process, seconds=5) for _ in range(3)))\n"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert len(set(said.stdout.split())) == 1


async def test_a_child_knows_no_secrets_and_waits_behind_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    children.end_all()
    monkeypatch.setenv("CONFERO_SECRET_KEY", "s" * 40)
    assert await confinement.run(work.what_it_may, seconds=5) == {"secrets": [], "nice": 5, "session": True}


async def test_errors_that_people_read_come_back_in_their_language() -> None:
    use_locale("fr")
    with pytest.raises(InvalidInput) as refused:
        await confinement.run(work.refuse, seconds=5)
    assert refused.value.fields == {"file": gettext("Choose a file.")}
    assert refused.value.fields != {"file": "Choose a file."}


async def test_errors_of_libraries_are_told_by_name() -> None:
    with pytest.raises(children.Failed, match=r"LookupError.*deep inside"):
        await confinement.run(work.fail, seconds=5)


@pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
async def test_a_child_writes_no_files(tmp_path: Path) -> None:
    with pytest.raises(children.Failed, match="OSError"):
        await confinement.run(work.write_a_file, str(tmp_path / "file"), seconds=5)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (work.hold_the_interpreter, Why.time),
        (work.take_memory, Why.memory),
        (work.crash, Why.crash),
        (work.be_sly, Why.crash),
    ],
)
async def test_what_takes_too_much_is_stopped_and_the_next_gets_its_answer(function: object, why: Why) -> None:
    before = await confinement.run(work.number_of_this_process, seconds=5)
    with pytest.raises(Stopped) as stopped:
        await confinement.run(function, seconds=1)  # type: ignore[arg-type]  # one of the functions above
    assert stopped.value.why is why
    assert await confinement.run(work.number_of_this_process, seconds=5) != before
    assert not psutil.pid_exists(before)


async def test_what_waits_without_working_is_stopped_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_PATIENCE", 0.2)
    with pytest.raises(Stopped) as stopped:
        await confinement.run(work.wait_for_ever, seconds=1)
    assert stopped.value.why is Why.time


async def test_a_child_that_ended_meanwhile_is_replaced() -> None:
    first = await confinement.run(work.number_of_this_process, seconds=5)
    os.kill(first, signal.SIGKILL)
    assert await confinement.run(work.number_of_this_process, seconds=5) != first


async def test_the_event_loop_goes_on_while_a_child_is_held() -> None:
    held = asyncio.create_task(confinement.run(work.hold_the_interpreter, seconds=1))
    turns = 0
    while not held.done():
        await asyncio.sleep(0)
        turns += 1
    assert isinstance(held.exception(), Stopped)
    assert turns > 1000


async def test_too_much_work_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "MOST_WAITING", 1)
    tasks = [
        asyncio.create_task(confinement.run(work.hold_the_interpreter, seconds=1)) for _ in range(children.CHILDREN + 1)
    ]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await confinement.run(work.find, "facts", seconds=5)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, Stopped) for outcome in outcomes)
    assert await confinement.run(work.find, "facts", seconds=5) == work.Fact("facts", 5)


async def test_what_a_library_prints_is_no_answer() -> None:
    assert await confinement.run(work.print_much, seconds=5) == "answer"


def test_children_end_with_a_parent_that_is_killed() -> None:
    program = (
        "from core import confinement\n"
        "from tests import confined_work as work\n"
        "print(confinement.run_here(work.number_of_this_process, seconds=5), flush=True)\n"
        "confinement.run_here(work.wait_for_ever, seconds=60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, _alive = psutil.wait_procs([child], timeout=PATIENCE)
    assert gone


def test_a_program_that_ends_takes_its_children_along() -> None:
    program = (
        "from core import confinement\nfrom tests import confined_work as work\n"
        "print(confinement.run_here(work.number_of_this_process, seconds=5))\n"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert not psutil.pid_exists(int(said.stdout))
