"""Lock files must install from any mirror: hashes yes, hosts no."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "package-lock.json"])
def test_lock_file_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text()

    assert re.findall(r"https?://[^\s\"']+(?:\.whl|\.tgz|\.tar\.gz|/simple)", text) == []
    assert "--index-url" not in text


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    pins = [line for line in lines if re.match(r"^[a-z0-9]", line)]

    assert len(pins) > 20
    assert [line for line in pins if "==" not in line] == []
    assert sum("--hash=sha256:" in line for line in lines) >= len(pins)
