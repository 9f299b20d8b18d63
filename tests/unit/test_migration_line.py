"""The migrations of each package stand in one line, so that two branches never meet in a ring, which never ends."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from core.database import APPS

ROOT = Path(__file__).resolve().parents[2]
_DEPENDENCY = re.compile(r"""dependencies = \[\(["'](\w+)["'], ["'](\w+)["']\)\]""")


@pytest.mark.parametrize("package", APPS)
def test_each_migration_follows_the_one_before_it(package: str) -> None:
    files = sorted((ROOT / package / "migrations").glob("[0-9]*.py"))
    assert len({file.name[:4] for file in files}) == len(files)
    for before, file in pairwise(files):
        found = _DEPENDENCY.search(file.read_text(encoding="utf-8"))
        assert found is not None, file.name
        assert found.groups() == (package, before.stem), file.name
