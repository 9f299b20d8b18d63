"""docker-compose.yml starts with what its first lines ask for, and with nothing published in it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # comes without types

from core.settings import Settings, load_settings
from tests.factories.secrets import secret

FILE = Path(__file__).parents[2] / "docker-compose.yml"
GIVEN = {
    "CONFERO_PUBLIC_URL": "https://events.example.org",
    "CONFERO_SECRET_KEY": secret("links"),
    "CONFERO_KEYS_SECRET": secret("keys"),
    "CONFERO_TRUSTED_PROXIES": "172.16.0.0/12",
    "CONFERO_DATABASE_PASSWORD": "4fT9kQ",
    "CONFERO_APPLICATION_PASSWORD": "8mZ2vX",
}


def filled(text: str, given: dict[str, str]) -> str:
    """The text with `${NAME}`, `${NAME:-default}` and `${NAME:?why}` filled in as Compose does."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match[1], match[2], match[3]
        if given.get(name):
            return given[name]
        if kind == ":?":
            raise KeyError(name)
        return rest or ""

    return re.sub(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}", value, text)


def settings_of(service: str, given: dict[str, str]) -> Settings:
    """The settings with which a service starts."""
    document: Any = yaml.safe_load(filled(FILE.read_text(), given))  # Any: YAML
    environment = document["services"][service]["environment"]
    chosen = {key.removeprefix("CONFERO_").lower(): str(value) for key, value in environment.items() if value}
    return load_settings(_env_file=None, **chosen)


@pytest.mark.parametrize("service", ["migrate", "web", "worker"])
def test_service_starts_with_what_the_file_asks_for(service: str) -> None:
    asked = set(re.findall(r"^#   (CONFERO_\w+)=", FILE.read_text(), re.MULTILINE))
    assert asked == set(GIVEN)
    settings = settings_of(service, GIVEN)
    assert settings.is_production
    assert settings.database_url == "postgres://confero_application:8mZ2vX@postgres:5432/confero"


def test_only_the_migration_knows_the_owner_of_the_tables() -> None:
    owner = "postgres://confero:4fT9kQ@postgres:5432/confero"
    known = {service: settings_of(service, GIVEN).migration_database_url for service in ("migrate", "web", "worker")}
    assert known == {"migrate": owner, "web": None, "worker": None}


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_nothing_secret_has_a_default(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        filled(FILE.read_text(), {**GIVEN, name: ""})
