"""Numbers about issued certificates for organizers: over time, renewed, and soon at their end."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from dateutil.relativedelta import relativedelta

from core.database import fetch, fetchrow

MONTHS = 12
"""How many months back the issued certificates are counted, the running month included."""
SOON_DAYS = (30, 60, 90)
"""Within how many days an end counts as soon."""


@dataclass(frozen=True, slots=True)
class CertificateStatistics:
    """`issued` is (first day of the month in UTC, count), oldest first. `ending` is (days, in force and ending within).

    Of the certificates whose validity has ended, `renewed` have a successor that renewed them in time.
    """

    issued: list[tuple[date, int]]
    ended: int
    renewed: int
    ending: list[tuple[int, int]]

    @property
    def renewal_rate(self) -> int | None:
        """Whole per cent of the ended certificates that were renewed, or None before the first end."""
        return round(100 * self.renewed / self.ended) if self.ended else None


async def of_certification(certification_id: UUID, *, now: datetime) -> CertificateStatistics:
    """The statistics of one certification at `now`. What was superseded counts through the one that took its place."""
    counted = await fetchrow(
        """SELECT count(*) FILTER (WHERE valid_until <= $2) AS ended,
                  count(*) FILTER (WHERE valid_until <= $2 AND successor_id IS NOT NULL) AS renewed,
                  count(*) FILTER (WHERE left_days > 0 AND left_days <= $3) AS first,
                  count(*) FILTER (WHERE left_days > 0 AND left_days <= $4) AS second,
                  count(*) FILTER (WHERE left_days > 0 AND left_days <= $5) AS third
           FROM (SELECT valid_until, successor_id,
                        CASE WHEN status = 'valid' AND successor_id IS NULL
                             THEN extract(epoch FROM valid_until - $2) / 86400 END AS left_days
                 FROM certificate WHERE certification_id = $1 AND status IN ('valid', 'suspended')) c""",
        certification_id,
        now,
        *SOON_DAYS,
    )
    assert counted is not None  # an aggregate always answers with one row
    ending = list(zip(SOON_DAYS, (counted["first"], counted["second"], counted["third"]), strict=True))
    return CertificateStatistics(await _issued(certification_id, now), counted["ended"], counted["renewed"], ending)


async def _issued(certification_id: UUID, now: datetime) -> list[tuple[date, int]]:
    first = now.date().replace(day=1) - relativedelta(months=MONTHS - 1)
    rows = await fetch(
        """SELECT date_trunc('month', issued_at AT TIME ZONE 'UTC')::date AS month, count(*) AS issued
           FROM certificate WHERE certification_id = $1 AND status <> 'superseded' AND issued_at >= $2
           GROUP BY 1""",
        certification_id,
        datetime(first.year, first.month, 1, tzinfo=now.tzinfo),
    )
    by_month = {row["month"]: row["issued"] for row in rows}
    months = [first + relativedelta(months=number) for number in range(MONTHS)]
    return [(month, by_month.get(month, 0)) for month in months]
