"""Settings: read once from `CONFERO_*` environment variables (and `.env`), validated by name."""

import re
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from core import strictness

_DID_URL: Final = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]+(#[A-Za-z0-9._~-]+)?", re.ASCII)


class Environment(StrEnum):
    """Where this process runs; production refuses defaults that are only safe on a laptop."""

    development = "development"
    test = "test"
    production = "production"


class MissingSettings(Exception):
    """A production start lacks settings; the message names each of them."""


class PdfSignerSettings(BaseModel):
    """Where an organization's signing certificate and its private key are: a PKCS#12 file, or a PKCS#11 token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pkcs12: Path | None = None
    passphrase: SecretStr | None = None
    pkcs11_module: Path | None = None
    token: str | None = None
    pin: SecretStr | None = None
    key_label: str | None = None
    certificate_label: str | None = None

    @model_validator(mode="after")
    def _check(self) -> "PdfSignerSettings":
        if (self.pkcs12 is None) == (self.pkcs11_module is None):
            raise ValueError("name either pkcs12 or pkcs11_module")
        if self.pkcs11_module is not None and not (self.token and self.key_label):
            raise ValueError("pkcs11_module needs token and key_label")
        return self


class KeysTokenSettings(BaseModel):
    """A PKCS#11 token that makes and keeps the Ed25519 keys of badges."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    module: Path
    token: str = Field(min_length=1)
    pin: SecretStr


class Settings(BaseSettings):
    """Everything that can be configured. README.md holds the same table for operators."""

    model_config = SettingsConfigDict(env_prefix="CONFERO_", env_file=".env", extra="ignore")

    environment: Environment = Environment.development
    public_url: str = Field("http://localhost:8000", description="Origin written into mails, QR codes and badges.")
    secret_key: SecretStr | None = Field(
        None, description="At least 32 characters; keys the hashes of tokens and links."
    )
    database_url: str | None = Field(None, description="postgres://…; none starts the embedded PostgreSQL under var/.")
    migration_database_url: str | None = Field(
        None, description="The same database for the role that owns the tables; only `confero migrate` needs it."
    )
    var_dir: Path = Field(Path("var"), description="Embedded database, files, fonts, logs.")
    fonts_dir: Path | None = Field(None, description="Static font instances; default var/fonts.")
    files_url: str | None = Field(
        None, description="Object store for files, e.g. s3://bucket/prefix; default var/files."
    )
    smtp_url: SecretStr | None = Field(None, description="smtp[s]://user:password@host:port[?starttls=1].")
    mail_from: str = "Confero <no-reply@localhost>"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    web_processes: int = Field(2, ge=1, le=64)
    worker_processes: int = Field(1, ge=1, le=64, description="Workers of `confero serve`; each uses one core.")
    pool_size: int = Field(4, ge=1, le=100, description="Database connections of each process.")
    trusted_proxies: str = Field(
        "", description="Addresses and networks whose X-Forwarded-* headers are believed, comma-separated; or none."
    )
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token for /metrics; without one only this machine may ask, and nobody in production."
    )
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body, uploads excepted.")
    max_upload_bytes: int = Field(10_485_760, ge=1024, description="Largest uploaded file.")
    request_timeout_seconds: float = Field(30.0, gt=0)
    session_days: int = Field(30, ge=1, le=365)
    session_idle_days: int = Field(7, ge=1, le=365, description="Days after which a browser that stays away is out.")
    sign_in_failures_per_account: int = Field(10, ge=1, description="Wrong passwords before the next must wait.")
    sign_in_failures_per_address: int = Field(
        100, ge=1, description="The same for unknown browsers of a network address in 15 minutes."
    )
    reset_requests_per_account: int = Field(5, ge=1, description="Password reset mails per account in an hour.")
    reset_requests_per_address: int = Field(50, ge=1, description="Password reset requests per address in an hour.")
    invitations_per_recipient: int = Field(5, ge=1, description="Mails in an hour that invite one address.")
    invitations_per_person: int = Field(100, ge=1, description="Mails in an hour by which one person invites.")
    invitations_per_organization: int = Field(300, ge=1, description="The same for everybody of an organization.")
    invitations_by_runs: int = Field(2000, ge=1, description="Accounts in an hour that an organization's runs open.")
    mails_per_account: int = Field(10, ge=1, description="Confirmations and changes of address an account may ask for.")
    mails_per_address: int = Field(100, ge=1, description="The same for a network address, in an hour.")
    mails_per_recipient: int = Field(5, ge=1, description="Such mails to one address in an hour, whoever asks.")
    sign_ups_per_address: int = Field(1000, ge=1, description="Accounts created per address in an hour.")
    files_per_address: int = Field(
        600, ge=1, description="Files read for a network address, or a person, in 15 minutes."
    )
    lookups_per_address: int = Field(300, ge=1, description="Lists of numbers looked up for it in 15 minutes.")
    directory_searches_per_address: int = Field(
        1200, ge=1, description="Pages of the directory of holders shown to it in 15 minutes."
    )
    keys_secret: SecretStr | None = Field(
        None, description="At least 32 characters; seals the private keys of badges in the database."
    )
    keys_pkcs11: KeysTokenSettings | None = Field(
        None, description='JSON {"module", "token", "pin"}: new keys of badges are made and kept in this token.'
    )
    pdf_signers: dict[str, PdfSignerSettings] = Field(
        {}, description='JSON: an organization\'s slug, or "*" for every other, to its PKCS#12 file or PKCS#11 token.'
    )
    timestamp_url: str | None = Field(
        None, description="Time-stamp service (RFC 3161) for signed PDFs; none signs without a time stamp."
    )
    trusted_issuers: str = Field(
        "", description="DIDs of issuers elsewhere, or single keys as did:web:…#z6Mk…, whose names stand on /verify."
    )
    job_poll_seconds: float = Field(
        1.0, gt=0, description="How often the worker looks for jobs without being notified."
    )

    @property
    def is_production(self) -> bool:
        """Whether the strict rules of a public server apply."""
        return self.environment is Environment.production

    @property
    def is_tls(self) -> bool:
        """Whether people reach this server over HTTPS, so that HSTS and secure cookies apply."""
        return self.public_url.startswith("https://")

    @property
    def signing_secret(self) -> bytes:
        """Key of keyed hashes; a fixed development key where none is set (refused in production)."""
        secret = self.secret_key.get_secret_value() if self.secret_key else strictness.DEVELOPMENT_SECRET
        return secret.encode()

    @property
    def sealing_secret(self) -> bytes | None:
        """What private keys are sealed with; a fixed one in development, None where production keeps them in a token.

        It is not `secret_key`, so that either can be changed without the other.
        """
        if self.keys_secret is not None:
            return self.keys_secret.get_secret_value().encode()
        return None if self.is_production else strictness.DEVELOPMENT_KEYS_SECRET.encode()

    @property
    def proxies(self) -> list[str]:
        """Addresses and networks of the proxies in front."""
        return strictness.proxies_of(self.trusted_proxies)

    @property
    def fonts_path(self) -> Path:
        """Folder of the font instances cut at set-up."""
        return self.fonts_dir or self.var_dir / "fonts"

    @property
    def trusted_issuer_dids(self) -> frozenset[str]:
        """The issuers elsewhere whose badges verify without reserve about their name."""
        return dids_in(self.trusted_issuers)

    @model_validator(mode="after")
    def _check(self) -> "Settings":
        if self.keys_secret is not None and len(self.keys_secret.get_secret_value()) < 32:
            raise ValueError("CONFERO_KEYS_SECRET needs at least 32 characters")
        parts = urlsplit(self.public_url)
        is_more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
        if parts.scheme not in ("http", "https") or not parts.hostname or is_more:
            raise ValueError("CONFERO_PUBLIC_URL must be an origin such as https://events.example.org")
        if self.timestamp_url is not None and not self.timestamp_url.startswith(("http://", "https://")):
            raise ValueError("CONFERO_TIMESTAMP_URL must be an address such as http://timestamp.example.org")
        try:
            dids_in(self.trusted_issuers)
        except ValueError as error:
            raise ValueError(f"CONFERO_TRUSTED_ISSUERS: {error}") from None
        strictness.refuse(self)
        is_given = "public_url" in self.model_fields_set
        self.public_url = f"{parts.scheme}://{parts.netloc}"
        if not is_given:
            self.model_fields_set.discard("public_url")  # Assigning marked the default as given; PORT= goes by it.
        return self


def dids_in(text: str) -> frozenset[str]:
    """The DIDs, or keys of DIDs, in a list with commas or spaces. Raises `ValueError` that quotes what is none."""
    dids = frozenset(text.replace(",", " ").split())
    for did in dids:
        if not _DID_URL.fullmatch(did):
            raise ValueError(f"{did[:100]!r} is no DID such as did:web:example.org or did:key:z6Mk…")
    return dids


def load_settings(**overrides: object) -> Settings:
    """Read the environment. Raises `MissingSettings` with one readable sentence per problem."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # values are validated by pydantic
    except ValidationError as error:
        problems = [
            (f"CONFERO_{str(e['loc'][0]).upper()}: " if e["loc"] else "") + e["msg"].removeprefix("Value error, ")
            for e in error.errors()
        ]
        raise MissingSettings("\n".join(problems)) from None
    except SettingsError as error:
        # The cause quotes what was given, which may hold a passphrase; pydantic's own sentence names the field alone.
        raise MissingSettings(f"{error}: a setting that holds JSON cannot be read.") from None


_override: list[Settings] = []


@lru_cache(maxsize=1)
def _from_environment() -> Settings:
    return load_settings()


def get_settings() -> Settings:
    """The settings of this process: those given to `use_settings`, else the environment's."""
    return _override[-1] if _override else _from_environment()


def use_settings(settings: Settings) -> None:
    """Make `settings` the ones of this process (called by create_app, the CLI and tests)."""
    _override[:] = [settings]
