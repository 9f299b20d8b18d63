"""PKCS#11 tokens for tests: SoftHSM, with its files in a folder of this process."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pkcs11
import pytest

MODULES = (Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib64/softhsm/libsofthsm2.so"))
PIN = "4711-pin"


def soft_token(label: str) -> Path:
    """Make a token called `label` with the PIN `PIN`; returns the module's path. Skips where SoftHSM is absent.

    The module reads its configuration once in a process, so every token of a process lies in one folder; open sessions
    end, since the module has to look for tokens anew.
    """
    module = next((one for one in MODULES if one.exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed (Debian: softhsm2), so that there is no PKCS#11 token to test with")
    _make(label, module)
    return module


@cache
def _make(label: str, module: Path) -> None:
    """Once a process, however often a fixture asks: of two tokens with one label neither could be opened."""
    os.environ["SOFTHSM2_CONF"] = str(_configuration())
    utility("--init-token", "--free", "--label", label, "--so-pin", "so-pin-4711", "--pin", PIN)
    pkcs11.lib(str(module)).reinitialize()


def utility(*arguments: str) -> None:
    """Run SoftHSM's own tool."""
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True, env=os.environ)


@cache
def _configuration() -> Path:
    folder = Path(mkdtemp(prefix="confero-softhsm-"))
    tokens = folder / "tokens"
    tokens.mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    return configuration
