"""What a run of the tests starts does not outlive it."""

import os
import subprocess
import sys

import psutil
import pytest

from tests import undertaker
from tests.patience import PATIENCE
from tests.postgres import ROOT

RUN = """
import subprocess, sys
from tests import undertaker
watching = undertaker.watch()
server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True)
print(server.pid, watching.pid, flush=True)
sys.stdin.read()
if sys.argv[1] == "ends":
    undertaker.dismiss(watching)
"""


@pytest.mark.parametrize("how", ["ends", "killed"])
def test_a_server_ends_with_the_run_that_started_it(how: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != undertaker.MARK}
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], env=environment, stdin=subprocess.PIPE)
    with subprocess.Popen(
        [sys.executable, "-c", RUN, how], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        server, watching = (psutil.Process(int(number)) for number in run.stdout.readline().split())
        assert server.is_running()
        if how == "killed":
            run.kill()
        run.stdin.close()
        psutil.wait_procs([server, watching], timeout=PATIENCE)
        assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
    assert bystander.poll() is None
    bystander.communicate(b"\n", timeout=PATIENCE)
