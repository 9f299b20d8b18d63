"""How long an event without a programme is, and what hours are worth."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from certification.attendance.hours import credits_for, own_length
from events.catalog.models import Event


@pytest.mark.parametrize(
    ("starts", "ends", "zone", "hours"),
    [
        ("2026-11-24T09:00", "2026-11-24T17:00", "Africa/Nairobi", "8.00"),
        ("2026-11-24T18:00", "2026-11-24T18:50", "Africa/Nairobi", "0.83"),
        ("2026-11-24T20:00", "2026-11-25T02:00", "Europe/Berlin", "6.00"),
        ("2026-11-24T09:00", "2026-11-26T17:00", "Europe/Berlin", "24.00"),
        ("2026-11-24T20:00", "2026-11-27T02:00", "Europe/Berlin", "18.00"),
        ("2026-11-24T09:00", "2026-11-25T09:00", "Europe/Berlin", "24.00"),
        ("2026-10-24T09:00", "2026-10-25T17:00", "Europe/Berlin", "16.00"),  # the clocks go back in between
    ],
)
def test_own_length_counts_each_day_by_the_clock(starts: str, ends: str, zone: str, hours: str) -> None:
    moments = [datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)) for text in (starts, ends)]
    event = Event(starts_at=moments[0], ends_at=moments[1], time_zone=zone)
    assert own_length(event) == Decimal(hours)


def test_credits_are_rounded_half_up() -> None:
    assert credits_for(Decimal("0.83"), Decimal("1.50")) == Decimal("1.25")
    assert credits_for(Decimal("2.25"), Decimal("0.50")) == Decimal("1.13")
    assert credits_for(Decimal("2.25"), Decimal(0)) == Decimal(0)
