"""Jobs of certificates: issuing what was decided."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from certification.certificates import issuing, thefts
from core.jobs import job


@job("certificates.issue", attempts=10)
async def issue(payload: dict[str, Any]) -> None:
    """Issue the certificate of one request; running it twice issues one."""
    await issuing.issue(UUID(payload["request"]), now=datetime.now(UTC))


@job("certificates.issue_again", attempts=10)
async def issue_again(payload: dict[str, Any]) -> None:
    """Issue again what a stolen key signed; running it twice issues nothing twice."""
    await thefts.work(UUID(payload["key"]), by_id=UUID(payload["by"]), now=datetime.now(UTC))
