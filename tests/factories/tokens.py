"""A PKCS#11 token for tests: SoftHSM, with its files in the test's own folder."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MODULES = (Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib64/softhsm/libsofthsm2.so"))
PIN = "4711-pin"


def soft_token(label: str) -> Path:
    """Make a token called `label` with the PIN `PIN`; returns the module's path. Skips where SoftHSM is absent.

    The module reads its configuration once in a process, so every token of a process lies in one folder.
    """
    module = next((one for one in MODULES if one.exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed (Debian: softhsm2), so that there is no PKCS#11 token to test with")
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "so-pin-4711", "--pin", PIN],
        check=True,
        capture_output=True,
        env=os.environ,
    )
    return module


def use_folder(folder: Path) -> None:
    """Let SoftHSM keep its tokens in `folder`, in this process and those it starts."""
    tokens = folder / "tokens"
    tokens.mkdir(parents=True, exist_ok=True)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
