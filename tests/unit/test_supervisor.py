"""How long a part that keeps dying waits before it is started again."""

from time import monotonic

from api.supervisor import Pause


def test_first_death_is_answered_at_once_and_every_further_one_later() -> None:
    pause = Pause()
    assert [pause.after_death() for _ in range(10)] == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_part_that_lived_for_a_while_starts_afresh() -> None:
    pause = Pause(seconds=10.0, started=monotonic() - 60)
    assert pause.after_death() == 0.0
