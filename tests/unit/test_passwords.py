from itertools import combinations

import pytest
from argon2 import extract_parameters, profiles
from zxcvbn import matching

from accounts import passwords
from core.errors import InvalidInput

EMAIL = "amina.otieno@example.org"


@pytest.mark.parametrize(
    "password",
    [
        "Password1234",
        "p@ssw0rd2024!",
        "qwertyuiop123",
        "1q2w3e4r5t6y",
        "123456789012",
        "iloveyou1234",
        "aaaaaaaaaaaaaa",
        "letmeinletmein",
        "footballfootball",
        "trustno1trustno1",
        "!@#$%^&*()_+",
        "p@$$w0rd2024!",
        "x" * 200,
    ],
)
async def test_refuses_the_most_common(password: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await passwords.check(password, email=EMAIL)
    assert refusal.value.fields == {
        "password": "This password is among the first that a guesser tries. Choose a few unrelated words."
    }


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", "kJh7sLq0vXz2", "a long enough one", "密碼密碼蝴蝶東風百度山水雲海"]
)
async def test_takes_what_is_hard_to_guess(password: str) -> None:
    await passwords.check(password, email=EMAIL)


async def test_asks_for_twelve_characters() -> None:
    with pytest.raises(InvalidInput) as refusal:
        await passwords.check("kJh7sLq0vXz", email=EMAIL, field="new_password")
    assert list(refusal.value.fields) == ["new_password"]
    assert "12 characters" in refusal.value.fields["new_password"]


async def test_takes_at_most_two_hundred_characters() -> None:
    with pytest.raises(InvalidInput, match="at most 200"):
        await passwords.check("correct horse battery staple " * 7, email=EMAIL)


@pytest.mark.parametrize("password", [f"my {EMAIL} secret", "AMINA.OTIENO rides zebras", EMAIL])
async def test_refuses_a_password_with_the_address_in_it(password: str) -> None:
    with pytest.raises(InvalidInput, match="does not contain your e-mail address"):
        await passwords.check(password, email=EMAIL)


async def test_a_local_part_of_two_letters_forbids_nothing() -> None:
    await passwords.check("correct horse battery staple", email="co@example.org")


async def test_verifies_what_it_hashed() -> None:
    password_hash = await passwords.hash_password("correct horse battery staple")
    assert password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.is_right("correct horse battery staple", password_hash)
    assert not await passwords.is_right("correct horse battery stapler", password_hash)
    assert not passwords.is_outdated(password_hash)


async def test_nothing_is_right_where_there_is_no_account_or_no_hash() -> None:
    assert not await passwords.is_right("correct horse battery staple", None)
    assert not await passwords.is_right("correct horse battery staple", "not a hash")


def test_the_hash_of_nobody_costs_as_much_as_a_real_one() -> None:
    assert extract_parameters(passwords._NOBODY) == profiles.RFC_9106_LOW_MEMORY


def test_a_weaker_hash_is_outdated() -> None:
    weaker = "$argon2id$v=19$m=1024,t=1,p=1$oF+bZNhfDvSzEfD3of6tzQ$p6CmQTp26CdMTPcGx/nClDrzGRbtNGKjcAZ+lfTOfLo"
    assert passwords.is_outdated(weaker)


def test_the_guesser_has_few_ways_to_read_any_password() -> None:
    """The work is the ways to read symbols as letters, times the parts of the text; it was 3,456 ways of 72 letters."""
    symbols, digits = "@({[<!|$+%", "0123456789"
    assert {symbol for letter in matching.L33T_TABLE.values() for symbol in letter} <= {*symbols, *digits}
    ways = 0
    for chosen in combinations(symbols, 4):
        for text in passwords.guessable((digits + "".join(chosen)) * 6):
            assert len(text) == 40
            read = matching.enumerate_l33t_subs(matching.relevant_l33t_subtable(text, matching.L33T_TABLE))
            ways = max(ways, len(read))
    assert ways <= 64


@pytest.mark.parametrize("password", ["a4@b8c({[<e3g69i1!|l1|7o0s$5t+7x%z2" * 2, "4@8({[<36|!1/0$5+7%2" * 4])
async def test_a_password_made_to_keep_the_guesser_busy_is_judged(password: str) -> None:
    await passwords.check(password[:72], email=EMAIL)
