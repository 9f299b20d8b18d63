"""What a start refuses, by the name of the setting: production that is insecure, development that others can reach."""

import ipaddress
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from core.settings import Settings

DEVELOPMENT_SECRET = "development-only-secret-key-0000"  # noqa: S105  published on purpose, refused in production
DEVELOPMENT_KEYS_SECRET = "development-only-keys-secret-000"  # noqa: S105  the same
_TELLING = ("development-only", "change-me", "changeme", "change_me", "example", "random characters", "confero")
_FEWEST_CHARACTERS = 8
NO_PROXY = "none"


def refuse(settings: "Settings") -> None:
    """Raise `ValueError` with one sentence a line for each setting that must not stand."""
    problems = _proxies(settings) + _metrics(settings)
    if settings.is_production:
        problems = _missing(settings) + _public_address(settings) + _secrets(settings) + _mail(settings) + problems
    else:
        problems = _reachable(settings) + problems
    if problems:
        raise ValueError("\n".join(problems))


def proxies_of(value: str) -> list[str]:
    """The addresses and networks named by CONFERO_TRUSTED_PROXIES; none of them for `none` and nothing."""
    return [] if value.strip().lower() == NO_PROXY else [one.strip() for one in value.split(",") if one.strip()]


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own, which nobody else reaches."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761 section 6.3
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _missing(settings: "Settings") -> list[str]:
    missing = []
    if "public_url" not in settings.model_fields_set:
        missing.append("CONFERO_PUBLIC_URL")
    if settings.secret_key is None or len(settings.secret_key.get_secret_value()) < 32:
        missing.append("CONFERO_SECRET_KEY (at least 32 characters)")
    if settings.database_url is None:
        missing.append("CONFERO_DATABASE_URL")
    if settings.keys_secret is None and settings.keys_pkcs11 is None:
        missing.append("CONFERO_KEYS_SECRET (at least 32 characters) or CONFERO_KEYS_PKCS11")
    if settings.smtp_url is None:
        missing.append("CONFERO_SMTP_URL")
    if not settings.trusted_proxies.strip():
        missing.append("CONFERO_TRUSTED_PROXIES (the addresses of the proxies in front, or none)")
    return ["A production start needs " + ", ".join(missing) + "."] if missing else []


def _public_address(settings: "Settings") -> list[str]:
    if "public_url" not in settings.model_fields_set or settings.public_url.startswith("https://"):
        return []
    return ["CONFERO_PUBLIC_URL must begin with https:// in production: cookies and links would travel in the open."]


def _secrets(settings: "Settings") -> list[str]:
    problems: list[str] = []
    given: dict[str, str] = {}
    for name in ("secret_key", "keys_secret", "metrics_token"):
        held = getattr(settings, name)
        if held is None:
            continue
        secret, setting = held.get_secret_value(), f"CONFERO_{name.upper()}"
        if any(word in secret.lower() for word in _TELLING):
            problems.append(f"{setting} is one that was published, or made from one. Make it from random characters.")
        elif _is_patterned(secret):
            problems.append(f"{setting} repeats a few characters, or counts them up. Make it from random ones.")
        elif secret in given:
            problems.append(f"{setting} is the same as {given[secret]}. Make another.")
        given[secret] = setting
    return problems


def _is_patterned(secret: str) -> bool:
    """Whether a secret has few characters, repeats a piece of itself, or runs along the alphabet, as random ones of
    32 characters do not within the life of anybody."""
    pieces = [secret[start : start + 3] for start in range(len(secret) - 2)]
    steps = [abs(ord(one) - ord(other)) <= 1 for one, other in pairwise(secret)]
    is_repeated = len(set(secret)) < _FEWEST_CHARACTERS or len(set(pieces)) <= len(pieces) * 2 / 3
    return is_repeated or sum(steps) >= len(steps) * 2 / 3


def _mail(settings: "Settings") -> list[str]:
    if settings.smtp_url is None:
        return []
    parts = urlsplit(settings.smtp_url.get_secret_value())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        return ["CONFERO_SMTP_URL must be an address such as smtps://user:password@mail.example.org."]
    is_protected = parts.scheme == "smtps" or parse_qs(parts.query).get("starttls", ["0"])[0] in ("1", "true")
    if not parts.password or is_protected:
        return []
    return ["CONFERO_SMTP_URL holds a password that would travel in the open: use smtps:// or add ?starttls=1."]


def _proxies(settings: "Settings") -> list[str]:
    for one in proxies_of(settings.trusted_proxies):
        try:
            is_everybody = _is_everybody(ipaddress.ip_network(one, strict=False))
        except ValueError:
            is_everybody = one == "*"
            if not is_everybody:
                return [f"CONFERO_TRUSTED_PROXIES: “{one}” is no address and no network such as 10.0.0.0/8."]
        if is_everybody:
            return [
                f"CONFERO_TRUSTED_PROXIES must not be “{one}”: anybody could say where they come from."
                " Name the proxies' addresses, or none."
            ]
    return []


def _is_everybody(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Whether a network is so wide that it holds strangers: wider than any that is private (10.0.0.0/8, fc00::/7)."""
    if isinstance(network, ipaddress.IPv6Network):
        is_mapped = network.network_address.ipv4_mapped is not None and network.prefixlen >= 96
        return network.prefixlen - 96 < 8 if is_mapped else network.prefixlen < 7
    return network.prefixlen < 8


def _metrics(settings: "Settings") -> list[str]:
    if settings.metrics_token is None or len(settings.metrics_token.get_secret_value()) >= 16:
        return []
    return ["CONFERO_METRICS_TOKEN needs at least 16 characters."]


def _reachable(settings: "Settings") -> list[str]:
    hosts = {"CONFERO_HOST": settings.host}
    if settings.environment == "development":
        hosts["CONFERO_PUBLIC_URL"] = urlsplit(settings.public_url).hostname or ""
    return [
        f"{setting} is “{host}”, which others can reach; {settings.environment} has published passwords and stays on"
        " 127.0.0.1. Set CONFERO_ENVIRONMENT=production."
        for setting, host in hosts.items()
        if not is_loopback(host)
    ]
