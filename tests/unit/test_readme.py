"""The README's table names every setting, so that nobody has to read code to operate a server."""

from pathlib import Path

import pytest

from core.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_setting_is_in_the_readme(name: str) -> None:
    assert f"`CONFERO_{name.upper()}`" in README
