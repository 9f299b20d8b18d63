"""Attendance certificates: who was at an event, for how many hours, and what that is worth. Joins events and
certification: when an event is over, one run issues to everybody who was checked in."""
