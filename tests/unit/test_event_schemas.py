"""What an event may say about itself, without a database."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from events.catalog.schemas import EventIn, EventSearch, to_utc
from events.catalog.search import normalise


def event(**changes: Any) -> EventIn:
    return EventIn.model_validate(
        {
            "title": "Meetup",
            "format": "online",
            "starts_at": "2030-06-01T18:00",
            "ends_at": "2030-06-01T20:00",
            "time_zone": "Africa/Nairobi",
            "languages": ["en"],
            "capacity": 50,
            **changes,
        }
    )


def test_local_times_become_utc_by_the_zone() -> None:
    assert event().starts_at == datetime(2030, 6, 1, 15, tzinfo=UTC)


def test_times_with_an_offset_keep_their_moment() -> None:
    assert event(starts_at="2030-06-01T10:00:00-05:00").starts_at == datetime(2030, 6, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        (datetime(2030, 10, 27, 2, 30), "Europe/Paris", datetime(2030, 10, 27, 0, 30, tzinfo=UTC)),
        (datetime(2030, 3, 31, 3, 0), "Europe/Paris", datetime(2030, 3, 31, 1, 0, tzinfo=UTC)),
        (datetime(2030, 1, 1, 0, 0), "Asia/Kathmandu", datetime(2029, 12, 31, 18, 15, tzinfo=UTC)),
    ],
)
def test_wall_clocks_are_read_with_their_summer_time(local: datetime, zone: str, utc: datetime) -> None:
    assert to_utc(local, zone) == utc


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(ValueError, match="skip this time"):
        to_utc(datetime(2030, 3, 31, 2, 30), "Europe/Paris")


@pytest.mark.parametrize("moment", [datetime.min, datetime.max, datetime(1999, 12, 31, tzinfo=UTC)])
def test_a_moment_far_away_is_refused(moment: datetime) -> None:
    with pytest.raises(ValueError, match="between 2000 and 2199"):
        to_utc(moment, "Pacific/Auckland")


def test_an_online_event_leaves_its_venue_out() -> None:
    assert event(venue={"name": "Hall", "city": "Paris", "country": "FR"}).venue is None


@pytest.mark.parametrize("kind", ["in_person", "hybrid"])
def test_where_people_meet_there_is_a_venue(kind: str) -> None:
    with pytest.raises(ValidationError, match="needs a venue"):
        event(format=kind)


def test_languages_are_canonical_and_each_once() -> None:
    assert event(languages=["EN", "pt-br", "en", "zh-hant"]).languages == ["en", "pt-BR", "zh-Hant"]


@pytest.mark.parametrize("tag", ["xx-yy-zz-11", "en_US", "e", "english please", "en@x=y"])
def test_a_tag_that_is_no_language_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError):
        event(languages=[tag])


@pytest.mark.parametrize("code", ["ZZ", "EU", "XX", "1A", "FRA"])
def test_a_code_that_is_no_country_is_refused(code: str) -> None:
    with pytest.raises(ValidationError):
        EventSearch(country=code)


def test_dates_and_moments_are_both_searched_by() -> None:
    assert type(EventSearch.model_validate({"after": "2030-06-01"}).after).__name__ == "date"
    assert type(EventSearch.model_validate({"after": "2030-06-01T10:00:00Z"}).after).__name__ == "datetime"


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("Conférence à Zürich", "conference a zurich"),
        ("İstanbul’da", "istanbul da"),
        ("STRASSE Straße", "strasse strasse"),
        ("Łódź, Tromsø", "lodz tromso"),
        ("C++ & Go!", "c go"),
        ("東京 会議", "東京 会議"),
        ("الرباط", "الرباط"),
        ("100% _free_", "100 free"),
    ],
)
def test_text_is_searched_without_case_accents_and_punctuation(text: str, searched: str) -> None:
    assert normalise(text) == searched
