"""Where a certificate stands on its way to being renewed: until when, by what, and what is still missing."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from certification.certificates.models import Certificate, CertificateStatus, IssueRequest, IssueState, SourceKind
from certification.programs import queries as programs
from certification.programs.entitlements import months_later
from certification.programs.models import Certification, CertificationPolicy, CertificationStatus
from core.database import fetchrow


class RenewalState(StrEnum):
    """Whether a certificate can be renewed at a moment, or why not."""

    open = "open"
    grace = "grace"
    renewing = "renewing"
    renewed = "renewed"
    over = "over"
    endless = "endless"
    retired = "retired"
    not_in_force = "not_in_force"

    @property
    def can_renew(self) -> bool:
        """Whether passing again, or enough credits, would renew it now."""
        return self in (RenewalState.open, RenewalState.grace)


@dataclass(frozen=True, slots=True)
class RenewalStanding:
    """A certificate at a moment. Amounts are in credits, and count those earned from `first_day` to `last_day`.

    `renewable_until` is its end and the grace after it. `needed` is None where credits do not renew; `earned` are
    approved and unspent, `waiting` are claimed and undecided. `would_end_at` is the end of the certificate that
    renewing now would bring, None where that does not expire. `wanted` is a renewal that is decided and not issued.
    """

    state: RenewalState
    certification: Certification | None
    renewable_until: datetime | None
    needed: Decimal | None
    earned: Decimal
    waiting: Decimal
    first_day: date
    last_day: date | None
    would_end_at: datetime | None
    wanted: IssueRequest | None

    def counts(self, earned_on: date) -> bool:
        """Whether what was earned on that day lies within the time that renews this certificate."""
        return self.first_day <= earned_on <= (self.last_day or earned_on)

    @property
    def missing(self) -> Decimal:
        """How many approved credits are still needed; 0 where there are enough or none count."""
        return max(Decimal(0), (self.needed or Decimal(0)) - self.earned)

    @property
    def has_enough(self) -> bool:
        """Whether credits renew it now."""
        return self.state.can_renew and self.needed is not None and self.missing == 0


def has_renewal(certificate: Certificate) -> bool:
    """Whether its holder may ask what renews it: it ends one day, is in force until then, and nothing follows it."""
    is_program = certificate.certification_id is not None and certificate.valid_until is not None
    return is_program and certificate.status is CertificateStatus.valid and certificate.successor_id is None


async def of(certificate: Certificate, *, now: datetime) -> RenewalStanding:
    """The standing at `now`. A certificate keeps the grace and the credits of the policy it was issued under.

    Where that policy knew no renewal by credits, those of the present one renew it: a rule that is added later is a
    kindness, one that is made harder later is not for those who hold a certificate already.
    """
    certification = await Certification.get_or_none(id=certificate.certification_id).select_related("organization")
    first_day = certificate.achieved_at.date()
    if certification is None or certificate.valid_until is None:
        nothing = Decimal(0)
        return RenewalStanding(
            RenewalState.endless, certification, None, None, nothing, nothing, first_day, None, None, None
        )
    own = await CertificationPolicy.get(issue_requests__id=certificate.issue_request_id)
    present = await programs.current_policy(certification.id)
    until = certificate.valid_until + timedelta(days=own.grace_days)
    wanted = await _wanted(certificate)
    earned, waiting = await _counted(certificate, first_day, until.date())
    months = present.validity_months
    return RenewalStanding(
        state=_state(certificate, certification, until, wanted, now),
        certification=certification,
        renewable_until=until,
        needed=own.renewal_credits if own.renewal_credits is not None else present.renewal_credits,
        earned=earned,
        waiting=waiting,
        first_day=first_day,
        last_day=until.date(),
        would_end_at=months_later(now, months) if months else None,
        wanted=wanted,
    )


def _state(
    certificate: Certificate, certification: Certification, until: datetime, wanted: IssueRequest | None, now: datetime
) -> RenewalState:
    if certificate.status is not CertificateStatus.valid:
        return RenewalState.not_in_force
    if certificate.successor_id is not None:
        return RenewalState.renewed
    if wanted is not None:
        return RenewalState.renewing
    if now > until:
        return RenewalState.over
    if certification.status is CertificationStatus.retired:
        return RenewalState.retired
    return RenewalState.grace if certificate.is_expired_at(now) else RenewalState.open


async def _wanted(certificate: Certificate) -> IssueRequest | None:
    """What is about to succeed the certificate: a renewal by credits, passing again, or a correction."""
    return (
        await IssueRequest.filter(
            person_id=certificate.person_id,
            certification_id=certificate.certification_id,
            source_kind__in=[SourceKind.credits, SourceKind.attempt, SourceKind.correction],
            achieved_at__gte=certificate.achieved_at,
            state__not=IssueState.issued,
        )
        .order_by("created_at")
        .first()
    )


async def _counted(certificate: Certificate, first_day: date, last_day: date) -> tuple[Decimal, Decimal]:
    """Approved and unspent, and undecided credits of the holder between two days."""
    row = await fetchrow(
        """SELECT coalesce(sum(amount) FILTER (WHERE state = 'approved'), 0) AS earned,
                  coalesce(sum(amount) FILTER (WHERE state = 'claimed'), 0) AS waiting
           FROM credit WHERE person_id = $1 AND certification_id = $2 AND spent_on_id IS NULL
             AND earned_on BETWEEN $3 AND $4""",
        certificate.person_id,
        certificate.certification_id,
        first_day,
        last_day,
    )
    assert row is not None  # an aggregate always answers with one row
    return row["earned"], row["waiting"]
