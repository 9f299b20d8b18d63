"""The programme as a table: rooms across, times down, breaks across all rooms."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from events.programme.grid import Cell, days_of
from events.programme.models import SessionKind
from events.programme.queries import ProgrammeRow

NINE = datetime(2030, 3, 4, 9, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def row(
    title: str, start: float | None, length: float = 1, room: str | None = None, kind: SessionKind = SessionKind.talk
) -> ProgrammeRow:
    starts_at = None if start is None else NINE + timedelta(hours=start)
    return ProgrammeRow(
        id=uuid4(),
        title=title,
        kind=kind,
        abstract="",
        abstract_html="",
        track="",
        language="en",
        room_id=uuid4() if room else None,
        room=room,
        room_position=0,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=length) if starts_at else None,
        sequence=0,
        updated_at=NINE,
        speakers=[],
    )


def lines(rows: list[ProgrammeRow]) -> list[list[str | None]]:
    """A day's cells as words: title with its reach, a dot for a free place, None for a covered one."""
    (day,) = days_of(rows, PARIS)
    return [[_word(cell) for cell in slot.cells] for slot in day.slots]


def _word(cell: Cell | None) -> str | None:
    if cell is None:
        return None
    if cell.session is None:
        return "."
    return f"{cell.session.title} {cell.rows}x{cell.columns}"


def test_sessions_stand_in_their_room_at_their_time() -> None:
    assert lines([row("A", 0, room="One"), row("B", 0, room="Two"), row("C", 1, room="Two")]) == [
        ["A 1x1", "B 1x1"],
        [".", "C 1x1"],
    ]


def test_a_long_session_reaches_over_the_lines_that_begin_during_it() -> None:
    assert lines([row("A", 0, 2, "One"), row("B", 0, room="Two"), row("C", 1, room="Two")]) == [
        ["A 2x1", "B 1x1"],
        [None, "C 1x1"],
    ]


def test_a_break_and_a_keynote_span_all_rooms_where_nothing_else_happens() -> None:
    rows = [
        row("Key", 0, room="One", kind=SessionKind.keynote),
        row("A", 1, room="One"),
        row("B", 1, room="Two"),
        row("Lunch", 2, kind=SessionKind.break_),
    ]
    assert lines(rows) == [["Key 1x2", None], ["A 1x1", "B 1x1"], ["Lunch 1x2", None]]


def test_a_keynote_beside_another_session_keeps_to_its_room() -> None:
    rows = [row("Key", 0, room="One", kind=SessionKind.keynote), row("B", 0, room="Two")]
    assert lines(rows) == [["Key 1x1", "B 1x1"]]


def test_sessions_without_a_room_at_the_same_time_as_others_get_a_column_at_the_end() -> None:
    (day,) = days_of([row("A", 0, room="One"), row("Walk", 0)], PARIS)
    assert day.rooms == ["One", ""]


def test_two_sessions_without_a_room_at_once_stand_beside_each_other() -> None:
    """The last one alone was shown, and the first could not be reached."""
    rows = [row("Walk", 0), row("Tour", 0.5), row("Talk", 0, 2, "One"), row("Stroll", 1.5)]
    (day,) = days_of(rows, PARIS)
    assert day.rooms == ["One", "", ""]
    assert lines(rows) == [
        ["Talk 3x1", "Walk 2x1", "."],
        [None, None, "Tour 1x1"],
        [None, "Stroll 1x1", "."],
    ]


KINDS = st.sampled_from([SessionKind.talk, SessionKind.break_, SessionKind.keynote])
HOURS = st.integers(0, 96).map(lambda quarter: quarter / 4)
DRAWN = st.builds(
    row, st.text(max_size=3), HOURS, st.sampled_from([0.25, 1, 2.5, 30]), st.sampled_from(["One", None]), KINDS
)


@given(st.lists(DRAWN, max_size=12))
def test_every_scheduled_session_appears_exactly_once_and_every_line_is_whole(rows: list[ProgrammeRow]) -> None:
    shown = []
    for day in days_of(rows, PARIS):
        covered: set[tuple[int, int]] = set()
        for top, slot in enumerate(day.slots):
            assert len(slot.cells) == len(day.rooms)
            for left, cell in enumerate(slot.cells):
                if cell is None:
                    assert (top, left) in covered
                    continue
                reach = {(top + down, left + across) for down in range(cell.rows) for across in range(cell.columns)}
                assert not reach & covered
                covered |= reach
                if cell.session is not None:
                    shown.append(cell.session.id)
        assert covered == {(top, left) for top in range(len(day.slots)) for left in range(len(day.rooms))}
    assert sorted(shown) == sorted(each.id for each in rows)


def test_days_are_those_of_the_events_zone_and_unscheduled_sessions_are_left_out() -> None:
    late = row("Late", 14.5, room="One")  # 23:30 UTC is the next day in Paris
    assert [day.day for day in days_of([row("A", 0, room="One"), late, row("B", None)], PARIS)] == [
        date(2030, 3, 4),
        date(2030, 3, 5),
    ]


def test_an_empty_programme_has_no_days() -> None:
    assert days_of([], PARIS) == []
