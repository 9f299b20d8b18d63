"""Issuer keys: made once, rotated, kept in the database only sealed, or in a token."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pkcs11.exceptions import SessionHandleInvalid
from tortoise.exceptions import IntegrityError

from accounts.models import AuditEntry, Organization
from certification.signing import keys, multikey, sealing, token
from certification.signing.models import IssuerKey
from core.database import fetchval, transaction
from core.settings import KeysTokenSettings, Settings, load_settings, use_settings
from tests.factories import accounts, tokens


def verify(public_key: str, signature: bytes, content: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(multikey.decode(public_key)).verify(signature, content)


async def test_first_key_is_made_when_it_is_needed(database: str) -> None:
    organization = await accounts.organization()

    key = await keys.key_in_use(organization.id)

    verify(key.public_key, key.sign(b"content"), b"content")
    with pytest.raises(InvalidSignature):
        verify(key.public_key, key.sign(b"content"), b"contents")
    assert (await keys.key_in_use(organization.id)).public_key == key.public_key
    assert [one.public_key for one in await keys.published(organization.id)] == [key.public_key]
    entry = await AuditEntry.get(object_id=key.id)
    assert (entry.action, entry.actor_id, entry.after) == (
        "issuer_key.made",
        None,
        {"public_key": key.public_key, "kept": "database"},
    )


async def test_first_key_is_made_once_by_many(database: str) -> None:
    organization = await accounts.organization()

    made = await asyncio.gather(*(keys.key_in_use(organization.id) for _ in range(8)))

    assert len({key.public_key for key in made}) == 1
    assert await IssuerKey.filter(organization_id=organization.id).count() == 1


async def test_without_the_lock_many_would_collide(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the same race without the lock ends in the constraint's refusal."""
    organization = await accounts.organization()

    async def no_lock(_organization_id: object) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(keys, "_lock", no_lock)
    made = await asyncio.gather(*(keys.key_in_use(organization.id) for _ in range(8)), return_exceptions=True)

    assert any(isinstance(one, IntegrityError) for one in made)
    assert await IssuerKey.filter(organization_id=organization.id).count() == 1


async def test_rotation_retires_the_old_key_and_keeps_it_published(database: str, settings: Settings) -> None:
    organization = await accounts.organization()
    owner = await accounts.member(organization)
    old = await keys.key_in_use(organization.id)
    old_signature = old.sign(b"content")

    now = datetime.now(UTC)
    made = await keys.rotate(organization, by=owner, now=now)

    new = await keys.key_in_use(organization.id)
    assert (new.id, new.public_key) == (made.id, made.public_key)
    assert [(one.public_key, one.retired_at) for one in await keys.published(organization.id)] == [
        (new.public_key, None),
        (old.public_key, now),
    ]
    verify(old.public_key, old_signature, b"content")
    entry = await AuditEntry.get(object_id=made.id)
    assert (entry.actor_id, entry.before) == (owner.id, {"public_key": old.public_key})


async def test_two_owners_who_rotate_at_once_leave_one_key_in_use(database: str) -> None:
    organization = await accounts.organization()
    owner = await accounts.member(organization)
    await keys.key_in_use(organization.id)

    await asyncio.gather(*(keys.rotate(organization, by=owner, now=datetime.now(UTC)) for _ in range(3)))

    assert await IssuerKey.filter(organization_id=organization.id).count() == 4
    assert await IssuerKey.filter(organization_id=organization.id, retired_at=None).count() == 1


async def test_two_organizations_have_keys_of_their_own(database: str) -> None:
    one, other = await accounts.organization(), await accounts.organization()

    first, second = await keys.key_in_use(one.id), await keys.key_in_use(other.id)

    assert first.public_key != second.public_key


async def test_sealed_key_of_another_row_does_not_open(database: str) -> None:
    one, other = await accounts.organization(), await accounts.organization()
    mine = await IssuerKey.get(id=(await keys.key_in_use(one.id)).id)
    theirs = await IssuerKey.get(id=(await keys.key_in_use(other.id)).id)

    mine.sealed = theirs.sealed

    with pytest.raises(sealing.KeySealed):
        keys.signing_key(mine)


async def test_private_key_is_in_no_column_and_no_log(database: str, caplog: pytest.LogCaptureFixture) -> None:
    organization = await accounts.organization()
    with caplog.at_level(logging.DEBUG):
        key = await keys.key_in_use(organization.id)
    row = await IssuerKey.get(id=key.id)
    assert row.sealed is not None
    private = sealing.unseal(bytes(row.sealed), key.id)

    stored = await fetchval("SELECT row_to_json(issuer_key)::text FROM issuer_key WHERE id = $1", key.id)
    audited = await fetchval("SELECT row_to_json(audit_entry)::text FROM audit_entry WHERE object_id = $1", key.id)

    for text in (stored, audited, caplog.text, repr(key), repr(row)):
        assert private.hex() not in text
        assert repr(private) not in text


async def test_lost_secret_is_answered_by_a_new_key(database: str, settings: Settings) -> None:
    organization = await accounts.organization()
    owner = await accounts.member(organization)
    old = await keys.key_in_use(organization.id)
    use_settings(settings.model_copy(update={"keys_secret": load_settings(keys_secret="n" * 32).keys_secret}))

    with pytest.raises(sealing.KeySealed):
        await keys.key_in_use(organization.id)
    await keys.rotate(organization, by=owner, now=datetime.now(UTC))

    new = await keys.key_in_use(organization.id)
    verify(new.public_key, new.sign(b"content"), b"content")
    assert {one.public_key for one in await keys.published(organization.id)} == {old.public_key, new.public_key}


async def test_key_made_in_a_transaction_that_fails_is_gone(database: str) -> None:
    organization = await accounts.organization()

    async def fail() -> None:
        async with transaction():
            await keys.key_in_use(organization.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await keys.published(organization.id) == []


@pytest.fixture(scope="module")
def soft_token() -> KeysTokenSettings:
    """A PKCS#11 token with a PIN."""
    module = tokens.soft_token("confero-test")
    return KeysTokenSettings.model_validate({"module": module, "token": "confero-test", "pin": tokens.PIN})


async def test_token_keeps_the_key(database: str, settings: Settings, soft_token: KeysTokenSettings) -> None:
    use_settings(settings.model_copy(update={"keys_pkcs11": soft_token}))
    organization = await accounts.organization()

    key = await keys.key_in_use(organization.id)

    row = await IssuerKey.get(id=key.id)
    assert (row.sealed, row.token_label) == (None, f"confero {key.id}")
    verify(key.public_key, key.sign(b"content"), b"content")
    signatures = await asyncio.gather(*(asyncio.to_thread(key.sign, bytes([n])) for n in range(20)))
    for n, signature in enumerate(signatures):
        verify(key.public_key, signature, bytes([n]))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # python-pkcs11 ends a search twice
async def test_token_that_ended_its_session_is_opened_again(
    database: str, settings: Settings, soft_token: KeysTokenSettings
) -> None:
    use_settings(settings.model_copy(update={"keys_pkcs11": soft_token}))
    organization = await accounts.organization()
    key = await keys.key_in_use(organization.id)

    with suppress(SessionHandleInvalid):
        token._sessions[soft_token].close()

    verify(key.public_key, key.sign(b"content"), b"content")


async def test_token_with_another_pin_is_refused_without_showing_it(
    database: str, settings: Settings, soft_token: KeysTokenSettings, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = KeysTokenSettings.model_validate({**soft_token.model_dump(), "pin": "wrong-pin-0815"})
    for session in token._sessions.values():
        with suppress(SessionHandleInvalid):  # another test may have started the module anew
            session.close()
    token._sessions.clear()
    use_settings(settings.model_copy(update={"keys_pkcs11": wrong}))
    organization = await accounts.organization()

    with caplog.at_level(logging.DEBUG), pytest.raises(token.TokenAway) as refused:
        await keys.key_in_use(organization.id)

    assert "wrong-pin-0815" not in caplog.text + repr(refused.value) + repr(refused.value.__cause__)
    assert await IssuerKey.filter(organization_id=organization.id).count() == 0


async def test_module_that_is_not_there_is_named_away(database: str, settings: Settings, tmp_path: Path) -> None:
    missing = KeysTokenSettings.model_validate({"module": tmp_path / "none.so", "token": "t", "pin": "p"})
    use_settings(settings.model_copy(update={"keys_pkcs11": missing}))
    organization: Organization = await accounts.organization()

    with pytest.raises(token.TokenAway):
        await keys.key_in_use(organization.id)
