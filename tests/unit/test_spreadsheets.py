"""Cells that a spreadsheet would take for a formula are harmless."""

import pytest

from core.spreadsheets import harmless


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_formula_becomes_text(sign: str) -> None:
    assert harmless(f"{sign}1+1") == f"'{sign}1+1"


def test_other_text_stays() -> None:
    assert [harmless(text) for text in ("", "a=1", "Amina")] == ["", "a=1", "Amina"]
