"""What integration tests may ask for besides the database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.postgres import EmbeddedPostgres


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """An embedded PostgreSQL of this test alone, not started; whatever runs in its folder is ended afterwards."""
    server = EmbeddedPostgres(tmp_path / "postgres", options={"fsync": "off", "max_connections": "20"})
    yield server
    server.end()
