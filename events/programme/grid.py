"""The programme as a table for each day: times down, rooms across, and what everybody shares across all rooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from events.programme.models import SessionKind
from events.programme.queries import ProgrammeRow

_FOR_EVERYBODY = frozenset({SessionKind.break_, SessionKind.keynote})


@dataclass(frozen=True, slots=True)
class Cell:
    """A session on the grid; without one the place is free. `rows` and `columns` are how far it reaches."""

    session: ProgrammeRow | None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Slot:
    """One line of a day: what begins at `starts_at`. None is a place that a cell above or before covers."""

    starts_at: datetime
    cells: list[Cell | None]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the programme in the event's zone; `rooms` names each column, empty over sessions without a room."""

    day: date
    rooms: list[str]
    slots: list[Slot]


@dataclass(frozen=True, slots=True)
class _Timed:
    row: ProgrammeRow
    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: "_Timed") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def days_of(programme: Sequence[ProgrammeRow], zone: ZoneInfo) -> list[Day]:
    """The scheduled sessions by the day on which they begin. Keynotes and breaks that nothing overlaps span all rooms,
    and so does any session without a room that nothing overlaps.
    """
    by_day: dict[date, list[_Timed]] = {}
    for row in programme:
        if row.starts_at is not None and row.ends_at is not None:
            day = row.starts_at.astimezone(zone).date()
            by_day.setdefault(day, []).append(_Timed(row, row.starts_at, row.ends_at))
    return [_day(day, sessions) for day, sessions in sorted(by_day.items())]


def _day(day: date, sessions: list[_Timed]) -> Day:
    shared = [session for session in sessions if _is_shared(session, sessions)]
    lanes = _lanes([session for session in sessions if session not in shared])
    rooms = [lane[0].row.room or "" for lane in lanes or _lanes(shared)]
    starts = sorted({session.starts_at for session in sessions})
    cells: list[list[Cell | None]] = [[Cell(None) for _room in rooms] for _start in starts]
    places = [(0, len(rooms), session) for session in shared]
    places += [(left, 1, session) for left, lane in enumerate(lanes) for session in lane]
    for left, columns, session in places:
        top = starts.index(session.starts_at)
        rows = sum(session.starts_at <= start < session.ends_at for start in starts)
        for line in range(top, top + rows):
            cells[line][left : left + columns] = [None] * columns
        cells[top][left] = Cell(session.row, session.starts_at, session.ends_at, rows, columns)
    return Day(day, rooms, [Slot(start, line) for start, line in zip(starts, cells, strict=True)])


def _lanes(sessions: list[_Timed]) -> list[list[_Timed]]:
    """The columns, each a run of sessions of one room that follow one another; those without a room come last.

    Sessions of one room that overlap (those without a room may) stand in columns beside each other: none is hidden.
    """
    lanes: dict[tuple[int, str], list[list[_Timed]]] = {}
    for session in sorted(sessions, key=lambda each: (each.starts_at, each.ends_at, each.row.id)):
        room = (session.row.room_position, session.row.room) if session.row.room else (10**9, "")
        beside = lanes.setdefault(room, [])
        free = next((lane for lane in beside if lane[-1].ends_at <= session.starts_at), None)
        if free is None:
            beside.append([session])
        else:
            free.append(session)
    return [lane for _room, beside in sorted(lanes.items(), key=lambda each: each[0]) for lane in beside]


def _is_shared(session: _Timed, sessions: list[_Timed]) -> bool:
    if session.row.kind not in _FOR_EVERYBODY and session.row.room is not None:
        return False
    return not any(other is not session and session.overlaps(other) for other in sessions)
