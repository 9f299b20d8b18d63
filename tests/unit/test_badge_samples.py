"""What each of the Open Badges given with the task comes to, by name.

They lie beside the checkout in shared/data/openbadges; without them these tests are skipped, and say so. No key is
fetched: that of the `simple` badges stands in their own address, so that the mathematics is checked and whose key it
is stays open.
"""

import json
from datetime import UTC, datetime

import pytest

from certification.badges import statuses
from certification.badges.checking import check
from certification.badges.models import StatusPurpose
from certification.badges.reading import read_status_list
from certification.badges.verdicts import KeySource, Reason, Verdict
from tests import second_verifier, shared

NOW = datetime(2026, 11, 24, tzinfo=UTC)

OUTCOMES: dict[str, tuple[Verdict, tuple[Reason, ...], str | None, KeySource | None]] = {
    # Verify with the key that stands in their address.
    "simple.json": (Verdict.intact, (Reason.issuer_unconfirmed,), "eddsa-rdfc-2022", KeySource.file),
    "simple-json.svg": (Verdict.intact, (Reason.issuer_unconfirmed,), "eddsa-rdfc-2022", KeySource.file),
    # Its header names no key and carries none.
    "simple.jwt": (Verdict.undetermined, (Reason.key_unavailable,), "RS256", None),
    "simple-err-expired.json": (
        Verdict.refused,
        (Reason.expired, Reason.issuer_unconfirmed),
        "eddsa-rdfc-2022",
        KeySource.file,
    ),
    "simple-err-issuer.json": (Verdict.refused, (Reason.no_issuer,), None, None),
    "simple-err-proof-value.json": (Verdict.refused, (Reason.bad_signature,), "eddsa-rdfc-2022", None),
    "simple-eddsa-2022.json": (Verdict.refused, (Reason.withdrawn_suite,), "eddsa-2022", None),
    # It does carry a proof, of a suite from before Data Integrity; its status list was of 1EdTech's own kind.
    "credential-status-revoked.json": (
        Verdict.undetermined,
        (Reason.unsupported_suite,),
        "Ed25519Signature2020",
        None,
    ),
    "testlist": (Verdict.refused, (Reason.not_a_badge,), None, None),
}


def sample(name: str) -> bytes:
    return shared.content("openbadges", name)


@pytest.mark.parametrize("name", OUTCOMES)
async def test_sample_has_its_outcome(name: str) -> None:
    verdict, reasons, suite, source = OUTCOMES[name]

    found = await check(sample(name), now=NOW, has_database=False)

    assert (found.verdict, found.reasons, found.suite, found.key_source) == (verdict, reasons, suite, source)


def test_every_sample_is_in_the_table() -> None:
    sample("simple.json")

    folder = shared.folder("openbadges")
    assert folder is not None
    assert {file.name for file in folder.iterdir()} == set(OUTCOMES)


async def test_refusals_name_what_is_wrong() -> None:
    suite = await check(sample("simple-eddsa-2022.json"), now=NOW, has_database=False)
    expired = await check(sample("simple-err-expired.json"), now=NOW, has_database=False)
    elder = await check(sample("credential-status-revoked.json"), now=NOW, has_database=False)

    assert suite.findings[0].detail == "eddsa-2022"
    assert expired.findings[0].detail == "2010-01-01T00:00:00+00:00"
    assert elder.findings[0].detail == "Ed25519Signature2020"


async def test_revoked_sample_without_its_proof_is_refused_for_that() -> None:
    document = json.loads(sample("credential-status-revoked.json"))
    del document["proof"]

    found = await check(document, now=NOW, has_database=False)

    assert (found.verdict, found.reasons) == (Verdict.refused, (Reason.no_proof,))


async def test_expired_sample_was_in_force_once() -> None:
    before = datetime(2009, 12, 31, 23, 59, tzinfo=UTC)

    found = await check(sample("simple-err-expired.json"), now=before, has_database=False)

    assert (found.verdict, found.reasons) == (Verdict.intact, (Reason.issuer_unconfirmed,))


async def test_claims_of_a_sample_are_told() -> None:
    found = await check(sample("simple-json.svg"), now=NOW, has_database=False)

    assert found.claims is not None
    assert found.claims.achievement == "Teamwork"
    assert found.claims.issuer_id == "https://example.com/issuers/876543"
    assert found.claims.issuer_name == "Example Corp"
    assert found.claims.valid_from == datetime(2010, 1, 1, tzinfo=UTC)


async def test_one_changed_byte_of_a_claim_is_noticed() -> None:
    content = sample("simple.json").replace(b"Teamwork Badge", b"Teamwork Bodge")

    found = await check(content, now=NOW, has_database=False)

    assert (found.verdict, found.reasons) == (Verdict.refused, (Reason.bad_signature,))


def test_list_decodes_to_index_23_alone() -> None:
    document = read_status_list(sample("testlist")).document
    encoded = document["credentialSubject"]["encodedList"]

    bits = [index for index in range(131_072) if statuses.bit(document, StatusPurpose.revocation, index)]

    assert bits == [23]
    assert second_verifier.bits_of(encoded) == [23]


def test_list_read_in_another_bit_order_would_say_something_else() -> None:
    document = read_status_list(sample("testlist")).document

    assert statuses.bit(document, StatusPurpose.revocation, 16) is False  # the least significant bit first
    assert statuses.bit(document, StatusPurpose.revocation, 131_072) is None
    assert statuses.bit(document, StatusPurpose.suspension, 23) is None
