"""A production start refuses what is only safe on a laptop, by name."""

import re

import pytest

from core.settings import MissingSettings, load_settings
from tests.factories.secrets import secret
from tests.postgres import ROOT

COMPLETE: dict[str, object] = {
    "environment": "production",
    "public_url": "https://events.example.org",
    "secret_key": secret("links"),
    "keys_secret": secret("keys"),
    "database_url": "postgres://confero:secret@db/confero",
    "smtp_url": "smtp://mail:25",
    "trusted_proxies": "none",
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
        ("trusted_proxies", "CONFERO_TRUSTED_PROXIES"),
    ],
)
def test_production_names_the_missing_setting(missing: str, named: str) -> None:
    given = {name: value for name, value in COMPLETE.items() if name != missing}

    with pytest.raises(MissingSettings, match=named):
        load_settings(_env_file=None, **given)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"public_url": "http://events.example.org"}, "CONFERO_PUBLIC_URL must begin with https://"),
        ({"public_url": "http://localhost:8000"}, "CONFERO_PUBLIC_URL must begin with https://"),
        ({"secret_key": "x" * 32}, "CONFERO_SECRET_KEY repeats a few characters"),
        ({"secret_key": "abcd1234efgh5678" * 2}, "CONFERO_SECRET_KEY repeats a few characters"),
        ({"keys_secret": "kK" * 16}, "CONFERO_KEYS_SECRET repeats a few characters"),
        ({"secret_key": "abcdefgh" * 4 + "X"}, "CONFERO_SECRET_KEY repeats a few characters"),
        ({"secret_key": "12345678901234567890123456789012345"}, "CONFERO_SECRET_KEY repeats a few characters"),
        (
            {"secret_key": "abcdefghijklmnopqrstuvwxyz0123456789"},
            "CONFERO_SECRET_KEY repeats a few characters, or coun",
        ),
        ({"secret_key": "development-only-secret-key-0000"}, "CONFERO_SECRET_KEY is one that was published"),
        ({"keys_secret": "development-only-keys-secret-000"}, "CONFERO_KEYS_SECRET is one that was published"),
        ({"secret_key": "at least 32 random characters 12"}, "CONFERO_SECRET_KEY is one that was published"),
        ({"keys_secret": COMPLETE["secret_key"]}, "CONFERO_KEYS_SECRET is the same as CONFERO_SECRET_KEY"),
        ({"metrics_token": "short"}, "CONFERO_METRICS_TOKEN needs at least 16"),
        ({"metrics_token": "m" * 16}, "CONFERO_METRICS_TOKEN repeats a few characters"),
        ({"trusted_proxies": " "}, "CONFERO_TRUSTED_PROXIES .the addresses of the proxies in front, or none"),
        ({"trusted_proxies": "*"}, "CONFERO_TRUSTED_PROXIES must not be “\\*”"),
        ({"trusted_proxies": "10.0.0.1, *"}, "CONFERO_TRUSTED_PROXIES must not be “\\*”"),
        ({"trusted_proxies": "0.0.0.0/0"}, "CONFERO_TRUSTED_PROXIES must not be “0.0.0.0/0”"),
        ({"trusted_proxies": "::/0"}, "CONFERO_TRUSTED_PROXIES must not be “::/0”"),
        ({"trusted_proxies": "0.0.0.0/1,128.0.0.0/1"}, "CONFERO_TRUSTED_PROXIES must not be “0.0.0.0/1”"),
        ({"trusted_proxies": "::/1,8000::/1"}, "CONFERO_TRUSTED_PROXIES must not be “::/1”"),
        ({"trusted_proxies": "::ffff:0:0/96"}, "CONFERO_TRUSTED_PROXIES must not be “::ffff:0:0/96”"),
        ({"smtp_url": ""}, "CONFERO_SMTP_URL must be an address"),
        ({"smtp_url": "mail.example.org"}, "CONFERO_SMTP_URL must be an address"),
        ({"public_url": "https://events.example.org@evil.example"}, "CONFERO_PUBLIC_URL must be an origin"),
        ({"public_url": "https://events.example.org?x=1"}, "CONFERO_PUBLIC_URL must be an origin"),
        ({"trusted_proxies": "proxy.example.org"}, "CONFERO_TRUSTED_PROXIES: “proxy.example.org” is no address"),
        ({"smtp_url": "smtp://me:pass@mail:587"}, "CONFERO_SMTP_URL holds a password that would travel in the open"),
        ({"smtp_url": "smtp://me:pass@mail:587?starttls=0"}, "CONFERO_SMTP_URL holds a password"),
    ],
)
def test_production_refuses_to_be_insecure_by_name(change: dict[str, object], named: str) -> None:
    with pytest.raises(MissingSettings, match=named) as refusal:
        load_settings(_env_file=None, **{**COMPLETE, **change})
    assert all(str(value) not in str(refusal.value) for name, value in change.items() if "secret" in name)
    assert "me:pass" not in str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        {"trusted_proxies": "none"},
        {"trusted_proxies": "127.0.0.1, 10.0.0.0/8, ::1, fc00::/7, ::ffff:10.0.0.0/104"},
        {"smtp_url": "smtps://me:pass@mail:465"},
        {"smtp_url": "smtp://me:pass@mail:587?starttls=1"},
        {"host": "0.0.0.0"},
        {"metrics_token": secret("metrics")},
    ],
)
def test_production_takes_what_is_secure(change: dict[str, object]) -> None:
    assert load_settings(_env_file=None, **{**COMPLETE, **change}).is_production


def test_no_secret_that_stands_in_this_repository_would_be_taken() -> None:
    assigned = re.compile(r"""(?i)(secret_key|keys_secret)["']?\s*[:=]\s*(?:SecretStr\()?["']([^"'\n]{32,})["']""")
    folders = [ROOT / name for name in ("accounts", "api", "benchmarks", "certification", "core", "events", "tests")]
    files = [file for folder in folders for file in folder.rglob("*.py")] + list(ROOT.glob("*.*"))
    texts = [file.read_text() for file in files if file.suffix in (".py", ".md", ".yml", ".toml")]
    published = {found[2] for text in texts for found in assigned.finditer(text)}
    assert "development-only-secret-key-0000" in published  # of the test above, so the pattern finds something
    for name in ("secret_key", "keys_secret"):
        for one in published:
            with pytest.raises(MissingSettings, match=f"CONFERO_{name.upper()}"):
                load_settings(_env_file=None, **{**COMPLETE, name: one})


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(MissingSettings) as refusal:
        load_settings(_env_file=None, **{**COMPLETE, "secret_key": "x" * 32, "trusted_proxies": "*", "smtp_url": None})
    lines = str(refusal.value).splitlines()
    assert [line.split()[0] for line in lines] == ["A", "CONFERO_SECRET_KEY", "CONFERO_TRUSTED_PROXIES"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"host": "0.0.0.0"}, "CONFERO_HOST"),
        ({"host": "192.0.2.7"}, "CONFERO_HOST"),
        ({"host": "::"}, "CONFERO_HOST"),
        ({"public_url": "https://events.example.org"}, "CONFERO_PUBLIC_URL"),
        ({"environment": "test", "host": "0.0.0.0"}, "CONFERO_HOST"),
    ],
)
def test_development_stays_on_this_machine(change: dict[str, object], named: str) -> None:
    with pytest.raises(MissingSettings, match=f"{named} is “.*”, which others can reach"):
        load_settings(_env_file=None, **change)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_development_starts_on_this_machine(host: str) -> None:
    assert load_settings(_env_file=None, host=host).host == host


def test_no_proxy_is_believed_where_none_stands_in_front() -> None:
    assert load_settings(_env_file=None, **COMPLETE).proxies == []
    proxied = load_settings(_env_file=None, **{**COMPLETE, "trusted_proxies": "10.0.0.1, 10.1.0.0/16"})
    assert proxied.proxies == ["10.0.0.1", "10.1.0.0/16"]


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
    assert load_settings(**COMPLETE).sealing_secret == secret("keys").encode()


@pytest.mark.parametrize("url", ["events.example.org", "ftp://example.org", "https://example.org/path"])
def test_public_url_must_be_an_origin(url: str) -> None:
    with pytest.raises(MissingSettings, match="CONFERO_PUBLIC_URL"):
        load_settings(public_url=url)
