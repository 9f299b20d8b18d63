"""What once froze the server, twenty at a time on a real one, and visitors beside it who notice nothing."""

import pytest

from benchmarks import freezes
from benchmarks.freezes import FREEZES
from core.database import execute
from tests.e2e.live import LiveServer

LONGEST_SECONDS = 1.0
"""What 95 of 100 visits may take at most. Each of these took a server of before from ten seconds to a minute."""


@pytest.mark.parametrize("name", FREEZES)
@pytest.mark.parametrize("times", [1, freezes.TIMES])
async def test_visitors_notice_nothing(live: LiveServer, name: str, times: int) -> None:
    try:
        seen = await freezes.beside(live.url, FREEZES[name], times=times)
    finally:
        await execute("DELETE FROM failure_count")  # other tests ask from the same address
    assert seen.statuses <= {200, 404}
    assert seen.answers <= {200, 201, 202, 400, 422, 429, 503}
    assert seen.p95 < LONGEST_SECONDS
