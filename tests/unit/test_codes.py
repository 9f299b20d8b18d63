"""Codes as people paste them: found whatever stands around them, and never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.codes import read_code
from accounts.tokens import CROCKFORD
from certification.certificates import numbers
from core.settings import Settings

CODE = "7K3M9QXT2WBD"
NUMBER = "7K3M-9QXT-2WBD"

PASTED = [
    NUMBER,
    " 7k3m 9qxt 2wbd ",
    "7K3M–9QXT–2WBD",
    "7K3M\u20149QXT\u20142WBD",
    "7K3M\u22129QXT\u22122WBD",
    "7K3M\u20119QXT\u20112WBD",
    "7K3M\u00ad-9QXT-2WBD",
    "7K3M_9QXT_2WBD",
    "7K3M.9QXT.2WBD",
    "7K3M - 9QXT -- 2WBD",
    "7K3M9QXT2WBD",
    "\u200e7K3M-9QXT-2WBD",
    "\ufeff7K3M-9Q\u200bXT-2WBD\u2069",
    "7K3M-9QXT-2WBD.",
    "“7K3M-9QXT-2WBD”",
    "(7K3M-9QXT-2WBD)",
    "７Ｋ３Ｍ－９ＱＸＴ－２ＷＢＤ",
    "７Ｋ３Ｍー９ＱＸＴー２ＷＢＤ",
    "٧K٣M-٩QXT-٢WBD",
    "۷K۳M-۹QXT-۲WBD",
    "७K३M-९QXT-२WBD",
    "7\ufe0f\u20e3K3M-9QXT-2WBD",
    "No. 7K3M-9QXT-2WBD",
    "№ 7K3M-9QXT-2WBD,",
    "Certificate number: 7K3M-9QXT-2WBD (valid until 2028)",
    "The certificates 7K3M-9QXT-2WBD",
    "This code here: 7K3M-9QXT-2WBD",
    "Your code 7K3M 9QXT 2WBD",
    "Ihr Zertifikat 7K3M9QXT2WBD, bitte",
    "Numéro\u00a0: 7K3M\u00a09QXT\u00a02WBD",
    "7K3M-9QXT-\n2WBD",
    "http://testserver/verify/7K3M-9QXT-2WBD",
    "<http://testserver/verify/7K3M-9QXT-2WBD>",
    "HTTP://TESTSERVER/verify/7K3M%2D9QXT-2WBD/?utm_source=x#top",
    "Verify it at testserver/verify/7K3M-9QXT-2WBD.",
    "It is genuine (testserver/verify/7K3M-9QXT-2WBD).",
]
NONE = [
    "",
    " ",
    "-",
    "7K3M-9QXT-2WB",
    "7K3M-9QXT-2WBDX",
    "7K3M-9QXT-2WBU",
    "X7K3M-9QXT-2WBD",
    "7K3M-9QXT-2WBD-7K3M",
    "certificates of attendance",
    "7K3M-9QXT-2WBD or 7K3M-9QXT-2WBC",
    "Ж7K3M-9QXT-2WBD",
    "é" * 12,
    "7" * 600,
    "https://elsewhere.example/verify/7K3M-9QXT-2WBD",
    "elsewhere.example/verify/7K3M-9QXT-2WBD",
    "see https://testserver.example/7K3M-9QXT-2WBD",
]


@pytest.mark.parametrize("typed", PASTED)
def test_a_number_is_found_as_it_was_pasted(settings: Settings, typed: str) -> None:
    assert numbers.normalize_number(typed) == NUMBER


@pytest.mark.parametrize("typed", NONE)
def test_what_is_no_number_of_ours_is_none(settings: Settings, typed: str) -> None:
    assert numbers.normalize_number(typed) is None


def test_the_same_number_twice_is_one() -> None:
    assert read_code(f"{NUMBER} ({NUMBER.lower()})", 12) == CODE


def test_i_l_and_o_are_read_as_the_digits_they_look_like() -> None:
    assert read_code("OI1L-0O00-iloA", 12) == "0111000011" + "0A"


codes = st.text(alphabet=CROCKFORD, min_size=12, max_size=12)
dashes = st.sampled_from(
    ["-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\uff0d", "\ufe63", " ", "\u00a0", ""]
)
unseen = st.text(alphabet="\u200b\u200e\u200f\u2060\ufeff\u00ad\u202a\u202c", max_size=2)
digits = st.sampled_from([0x30, 0xFF10, 0x0660, 0x06F0, 0x0966, 0x0E50])
ends = st.sampled_from(["", ".", ",", ";", " ", "\n", "\u2069", "»", "…"])


@given(code=codes, dash=dashes, mark=unseen, zero=digits, end=ends, is_small=st.booleans())
def test_every_code_is_read_however_it_is_written(
    code: str, dash: str, mark: str, zero: int, end: str, is_small: bool
) -> None:
    shown = "".join(chr(zero + int(letter)) if letter.isdigit() else letter for letter in code)
    groups = [shown[start : start + 4] for start in (0, 4, 8)]
    typed = mark + dash.join(f"{group}{mark}" for group in groups) + end
    assert read_code(typed.lower() if is_small else typed, 12) == code


@given(st.text(max_size=700))
def test_whatever_is_typed_gives_a_code_or_none(typed: str) -> None:
    found = read_code(typed, 12)
    assert found is None or (len(found) == 12 and set(found) <= set(CROCKFORD))
