"""A production start refuses what is only safe on a laptop, by name."""

import pytest

from core.settings import MissingSettings, load_settings

COMPLETE: dict[str, object] = {
    "environment": "production",
    "public_url": "https://events.example.org",
    "secret_key": "x" * 32,
    "keys_secret": "k" * 32,
    "database_url": "postgres://confero:secret@db/confero",
    "smtp_url": "smtp://mail:25",
}


def test_production_starts_with_everything_set() -> None:
    settings = load_settings(**COMPLETE)

    assert settings.is_production
    assert settings.is_tls


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("public_url", "CONFERO_PUBLIC_URL"),
        ("secret_key", "CONFERO_SECRET_KEY"),
        ("keys_secret", "CONFERO_KEYS_SECRET"),
        ("database_url", "CONFERO_DATABASE_URL"),
        ("smtp_url", "CONFERO_SMTP_URL"),
    ],
)
def test_production_names_the_missing_setting(missing: str, named: str) -> None:
    given = {name: value for name, value in COMPLETE.items() if name != missing}

    with pytest.raises(MissingSettings, match=named):
        load_settings(_env_file=None, **given)


def test_short_secret_is_refused() -> None:
    with pytest.raises(MissingSettings, match="at least 32 characters"):
        load_settings(**{**COMPLETE, "secret_key": "short"})


def test_short_secret_of_keys_is_refused() -> None:
    with pytest.raises(MissingSettings, match="CONFERO_KEYS_SECRET needs at least 32 characters"):
        load_settings(**{**COMPLETE, "keys_secret": "short"})


def test_token_of_keys_does_without_their_secret() -> None:
    token = {"module": "/usr/lib/token.so", "token": "badges", "pin": "4711-pin"}

    settings = load_settings(**{**COMPLETE, "keys_secret": None, "keys_pkcs11": token})

    assert settings.sealing_secret is None
    assert "4711-pin" not in repr(settings)


def test_keys_are_not_sealed_with_the_secret_of_links() -> None:
    assert load_settings(**COMPLETE).sealing_secret == b"k" * 32


@pytest.mark.parametrize("url", ["events.example.org", "ftp://example.org", "https://example.org/path"])
def test_public_url_must_be_an_origin(url: str) -> None:
    with pytest.raises(MissingSettings, match="CONFERO_PUBLIC_URL"):
        load_settings(public_url=url)
