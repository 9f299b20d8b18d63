"""An employer looks several numbers up at once: from a list, a file, by API, and as a file again."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette

from accounts.models import Person
from api.app import create_app
from certification.bulk import lookup
from certification.bulk.lookup import Asked, LookupOutcome
from certification.certificates import sharing, statuses
from certification.certificates.models import Certificate
from core.errors import InvalidInput
from core.settings import Settings
from tests.factories import accounts, renewal
from tests.queries import count_queries

NOW = datetime.now(UTC).replace(microsecond=0)
UNKNOWN = "0000-0000-0000"


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


async def several() -> dict[str, Certificate]:
    """One certificate of each kind that an employer may meet."""
    program = await renewal.program()
    officer = await accounts.member(await program.organization)
    made = {
        "valid": await renewal.certificate(program, now=NOW),
        "expired": await renewal.certificate(program, ends_in=timedelta(days=-3), now=NOW),
        "revoked": await renewal.certificate(program, now=NOW),
        "hidden": await renewal.certificate(program, now=NOW, name="Shy Holder"),
    }
    await statuses.revoke(made["revoked"], reason="Fraud.", by=officer, now=NOW)
    await sharing.hide_name(made["hidden"], is_hidden=True, by=await Person.get(id=made["hidden"].person_id))
    return made


async def test_each_number_has_its_outcome_in_order(database: str) -> None:
    made = await several()
    valid = made["valid"].number
    asked = lookup.read_text(
        f"{valid}\n\n{made['expired'].number.lower()}, {made['revoked'].number.replace('-', ' ')}\r\n"
        f"{made['hidden'].number};{UNKNOWN}\tnot-a-number\nhttp://testserver/verify/{valid}\nhttps://example.org/verify/x"
    )

    looked = await lookup.look_up(asked, now=NOW)

    assert [(one.line, one.outcome.value, one.holder) for one in looked] == [
        (1, "valid", "Zoë Ångström"),
        (3, "expired", "Zoë Ångström"),
        (3, "revoked", "Zoë Ångström"),
        (4, "valid", None),
        (4, "unknown", None),
        (4, "impossible", None),
        (5, "repeated", None),
        (6, "impossible", None),
    ]
    assert (looked[6].number, looked[6].first_line) == (valid, 1)
    assert lookup.counts(looked) == {
        LookupOutcome.valid: 2,
        LookupOutcome.expired: 1,
        LookupOutcome.revoked: 1,
        LookupOutcome.unknown: 1,
        LookupOutcome.impossible: 2,
        LookupOutcome.repeated: 1,
    }
    again = await lookup.look_up(lookup.read_text(lookup.as_text(asked)), now=NOW)
    assert [(one.line, one.outcome) for one in again] == [(one.line, one.outcome) for one in looked]


async def test_renewed_number_names_the_one_that_follows(database: str) -> None:
    program, holder = await renewal.program(), await accounts.person()
    old = await renewal.certificate(program, holder, now=NOW)
    new = await renewal.certificate(program, holder, ends_in=timedelta(days=600), now=NOW)
    (looked,) = await lookup.look_up([Asked(1, old.number)], now=NOW)
    assert (looked.outcome, looked.followed_by) == (LookupOutcome.valid, new.number)


async def test_five_hundred_cost_as_many_queries_as_one(database: str) -> None:
    held = await renewal.certificate(now=NOW)
    counted = []
    for count in (1, 500):
        with count_queries() as sent:
            looked = await lookup.look_up([Asked(line, held.number) for line in range(1, count + 1)], now=NOW)
        assert len(looked) == count
        counted.append(len(sent))
    assert counted == [1, 1]


@pytest.mark.parametrize(("text", "word"), [(" \n , ;\t", "at least one"), ("x\n" * 501, "these are 501")])
def test_nothing_and_too_many_are_refused(text: str, word: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        lookup.read_text(text)
    assert word in refusal.value.fields["numbers"]


async def test_file_is_read_by_its_column_or_its_only_one() -> None:
    table = "Applicant;Certificate number\nAmina;7K3M-9QXT-2WBD\n\nBo;\nCai; 1111-1111-1111\n"
    assert await lookup.read_file(table.encode()) == [Asked(2, "7K3M-9QXT-2WBD"), Asked(5, "1111-1111-1111")]
    assert (await lookup.read_file(b"7K3M-9QXT-2WBD\n1111-1111-1111\n"))[1] == Asked(2, "1111-1111-1111")
    for wrong in (b"\x89PNG\r\n\x1a\n\xff", b"", b"name,score\nAmina,7\n", b"number\n\n"):
        with pytest.raises(InvalidInput) as refusal:
            await lookup.read_file(wrong)
        assert list(refusal.value.fields) == ["file"]


async def test_page_takes_a_list_or_a_file_and_gives_a_file(app: Starlette) -> None:
    made = await several()
    text = "\n".join([made["valid"].number, made["hidden"].number, made["valid"].number, "=cmd|' /C calc'!A0"])
    async with accounts.signed_in(app, None) as anyone:
        assert "Certificate numbers" in (await anyone.get("/verify/several")).text
        page = await anyone.post("/verify/several", data={"numbers": text})
        assert page.status_code == 200
        assert page.text.count("Zoë Ångström") == 1
        assert "Shy Holder" not in page.text
        assert "Kept private by the holder" in page.text
        assert "See line 1" in page.text
        file = ("applicants.csv", f"number\n{made['expired'].number}\n".encode())
        from_file = await anyone.post("/verify/several", data={"numbers": text}, files={"file": file})
        assert "Expired" in from_file.text
        assert made["valid"].number not in from_file.text
        empty = await anyone.post("/verify/several", data={"numbers": ""})
        assert empty.status_code == 422
        assert 'href="#numbers"' in empty.text
        download = await anyone.post("/verify/several.csv", data={"numbers": text})
    assert download.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(download.content.decode("utf-8-sig"))))
    assert rows[0][:5] == ["Line", "As given", "Number", "Status", "Holder"]
    assert [row[3] for row in rows[1:]] == ["valid", "valid", "repeated", "impossible"]
    assert [row[4] for row in rows[1:]] == ["Zoë Ångström", "", "", ""]
    assert rows[3][10] == "1"
    assert rows[4][1] == "'=cmd|' /C calc'!A0"


async def test_the_same_by_api(app: Starlette) -> None:
    made = await several()
    numbers = [made["hidden"].number, made["valid"].number, "x", made["valid"].number.lower()]
    async with accounts.signed_in(app, None) as anyone:
        answer = await anyone.post("/api/v1/certificate-lookups", json={"numbers": numbers})
        many = await anyone.post("/api/v1/certificate-lookups", json={"numbers": ["x"] * 501})
        none = await anyone.post("/api/v1/certificate-lookups", json={"numbers": []})
    items = answer.json()["items"]
    assert [(one["position"], one["outcome"], one["holder"], one["first_position"]) for one in items] == [
        (1, "valid", None, None),
        (2, "valid", "Zoë Ångström", None),
        (3, "impossible", None, None),
        (4, "repeated", None, 2),
    ]
    assert "person" not in answer.text
    assert (many.status_code, none.status_code) == (422, 422)
