"""What checking a badge can come to: one verdict, and the reasons for it by name. Loads no engine."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.outside import plain


class Verdict(StrEnum):
    """The one answer. A name is a claim: only `valid` says that whoever it names has issued it."""

    valid = "valid"
    """An issuer of this server, or one that the reader trusts, has signed it, and it is in force."""
    intact = "intact"
    """Nothing was changed since it was signed; the status, or who it was that signed, could not be confirmed."""
    refused = "refused"
    """It is not what it says, or no longer in force."""
    undetermined = "undetermined"
    """The signature cannot be checked here."""


class Reason(StrEnum):
    """Why a badge is not simply valid; `verdict_of` says what they lead to."""

    too_large = "too_large"
    malformed = "malformed"
    not_a_badge = "not_a_badge"
    no_issuer = "no_issuer"
    no_proof = "no_proof"
    wrong_purpose = "wrong_purpose"
    withdrawn_suite = "withdrawn_suite"
    """The proof is of a draft that was given up before it became a standard."""
    bad_signature = "bad_signature"
    bad_key_address = "bad_key_address"
    """What it calls the address of its key leads to no key anywhere."""
    foreign_key = "foreign_key"
    """The issuer it names does not list the key that signed."""
    stolen_key = "stolen_key"
    """The key that signed was stolen, and the issuer's register holds no such badge, whatever date it claims."""
    signed_since_theft = "signed_since_theft"
    """It was signed, or says that it was, when the key had been stolen."""
    theft_unclear = "theft_unclear"
    """The key that signed was stolen, and the register that could tell when it was issued was not asked."""
    not_yet_valid = "not_yet_valid"
    expired = "expired"
    revoked = "revoked"
    suspended = "suspended"
    unsupported_suite = "unsupported_suite"
    unknown_context = "unknown_context"
    key_unavailable = "key_unavailable"
    issuer_unconfirmed = "issuer_unconfirmed"
    """Whether the key belongs to the issuer it names could not be learned."""
    issuer_unknown = "issuer_unknown"
    """The key is the issuer's, and the issuer is nobody that this server or the reader knows."""
    status_unavailable = "status_unavailable"


UNDETERMINED = frozenset(
    {Reason.unsupported_suite, Reason.unknown_context, Reason.key_unavailable, Reason.theft_unclear}
)
"""What leaves open whether it was signed as it says."""

_UNCONFIRMED = frozenset({Reason.issuer_unconfirmed, Reason.issuer_unknown, Reason.status_unavailable})


class KeySource(StrEnum):
    """Where the key that signed was found."""

    database = "database"
    """An organization of this server published it."""
    did_key = "did_key"
    """The issuer's DID is the key itself."""
    did_web = "did_web"
    """The issuer's web site publishes it."""
    trusted = "trusted"
    """The reader named this very key as the issuer's."""
    file = "file"
    """The badge itself names it, which anybody can do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason; `detail` names the suite, the member or the address it is about, for programs and experts."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BadgeClaims:
    """What the badge says; true only where the verdict says so. Empty strings where it says nothing.

    `issuer_id` stands as in the badge; the other texts are fit to be shown.
    """

    credential_id: str
    issuer_id: str
    issuer_name: str
    holder_name: str
    achievement: str
    achievement_id: str
    number: str
    valid_from: datetime | None
    valid_until: datetime | None

    @property
    def issuer(self) -> str:
        """The issuer's identifier, fit to be shown."""
        return plain(self.issuer_id, 200)


@dataclass(frozen=True, slots=True)
class BadgeCheck:
    """The outcome. `findings` are most serious first; `suite` is the cryptosuite or JWT algorithm, where it has one.

    `public_key` made the signature: a Multikey, or the thumbprint of a JWK (RFC 9278). `is_issuer_known` says that it
    belongs to an issuer of this server or to one that the reader trusts: only then does the name stand without reserve.
    `has_status` says that the badge names a list in which its issuer may withdraw it. `unjudged` names the places (JSON
    pointers) of endorsements and extensions, which others have put in: they are not judged. `key_stolen_since` is from
    when on the issuer says that others may have signed with its key.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    claims: BadgeClaims | None = None
    suite: str | None = None
    public_key: str | None = None
    key_source: KeySource | None = None
    is_issuer_known: bool = False
    has_status: bool = False
    unjudged: tuple[str, ...] = ()
    key_stolen_since: datetime | None = None

    @property
    def signer(self) -> str:
        """What is known of whoever signed: the issuer where the key is the issuer's, else the key; never a name."""
        if self.claims is not None and self.key_source not in (None, KeySource.file):
            return self.claims.issuer
        return self.public_key or ""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons by name, most serious first."""
        return tuple(finding.reason for finding in self.findings)


def verdict_of(findings: list[Finding]) -> Verdict:
    """Refused outweighs undetermined, which outweighs what could merely not be confirmed."""
    reasons = {finding.reason for finding in findings}
    if reasons - UNDETERMINED - _UNCONFIRMED:
        return Verdict.refused
    if reasons & UNDETERMINED:
        return Verdict.undetermined
    return Verdict.intact if reasons else Verdict.valid


def gravity(finding: Finding) -> int:
    """Sorts findings: what refuses first, then what cannot be checked, then what is unconfirmed."""
    return 2 if finding.reason in _UNCONFIRMED else 1 if finding.reason in UNDETERMINED else 0
