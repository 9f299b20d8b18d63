"""A list costs the same number of queries, however long it is."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette

from accounts import members, sign_in
from accounts.models import Organization, Person, Role
from tests.factories import accounts
from tests.queries import count_queries

PAGES = (
    "/organize/open-systems",
    "/organize/open-systems/members",
    "/organize/open-systems/audit",
    "/me/tokens",
    "/me/sessions",
)


async def add_rows(organization: Organization, owner: Person) -> None:
    """One more row for every list."""
    now = datetime.now(UTC)
    await members.grant(organization, await accounts.person(), Role.viewer, by=owner, now=now)
    await sign_in.create_token(owner, name="kiosk", scopes=["read"], now=now, expires_at=now + timedelta(days=1))
    await sign_in.start_session(owner, user_agent="test", address="192.0.2.1", now=now)


@pytest.mark.parametrize("path", PAGES)
async def test_three_rows_cost_as_much_as_one(app: Starlette, database: str, path: str) -> None:
    organization = await accounts.organization("open-systems")
    owner = await accounts.member(organization)
    counts = []
    async with accounts.signed_in(app, owner) as client:
        for rows in (1, 2):
            for _row in range(rows):
                await add_rows(organization, owner)
            with count_queries() as sent:
                assert (await client.get(path)).status_code == 200
            counts.append(len(sent))
    assert counts[0] == counts[1] > 0
