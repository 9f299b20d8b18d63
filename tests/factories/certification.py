"""Certifications with items of every type, entitlements, attempts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import Organization, Person
from certification.bank.content import (
    Essay,
    ItemContent,
    ItemType,
    Matching,
    MultipleChoice,
    Numeric,
    ShortAnswer,
    SingleChoice,
    TrueFalse,
    dump_content,
    parse_content,
)
from certification.bank.models import Item, ItemVersion
from certification.exams import attempts, saving
from certification.exams.models import Attempt
from certification.exams.models import Response as ResponseRow
from certification.exams.responses import Response
from certification.programs.models import (
    Certification,
    CertificationAccess,
    CertificationPolicy,
    CertificationStatus,
    Domain,
    Entitlement,
    EntitlementSource,
)
from tests.factories import accounts

_numbers = count(1)
SCORED_AT_ONCE = {kind: 1 for kind in ItemType if kind is not ItemType.ESSAY}
EVERY_TYPE = dict.fromkeys(ItemType, 1)


def content(kind: ItemType, number: int | None = None) -> ItemContent:
    """A valid item of the type; its key is what `right_response` answers with. Keys hold words found nowhere else."""
    number = number or next(_numbers)
    document: dict[ItemType, dict[str, Any]] = {
        ItemType.SINGLE_CHOICE: {
            "prompt": f"Which command lists files? ({number})",
            "options": [{"text": "ls", "correct": True}, {"text": "cd"}, {"text": "rm"}, {"text": "cat"}],
        },
        ItemType.MULTIPLE_CHOICE: {
            "prompt": f"Which are shells? ({number})",
            "options": [
                {"text": "bash", "correct": True},
                {"text": "zsh", "correct": True},
                {"text": "vim"},
                {"text": "ssh"},
            ],
        },
        ItemType.TRUE_FALSE: {"prompt": f"PID 1 is init. ({number})", "answer": True},
        ItemType.NUMERIC: {
            "prompt": f"How many bits has a byte? ({number})",
            "answers": [{"value": "8", "tolerance": "0.5"}],
        },
        ItemType.SHORT_ANSWER: {
            "prompt": f"Which user may do everything? ({number})",
            "answers": [{"text": "keyword-root"}, {"text": "keyword-su*", "fraction": "0.5"}],
        },
        ItemType.MATCHING: {
            "prompt": f"Match the command to its work. ({number})",
            "pairs": [
                {"left": "grep", "right": "searches"},
                {"left": "sort", "right": "orders"},
                {"left": "wc", "right": "counts"},
            ],
            "distractors": ["compiles"],
        },
        ItemType.ESSAY: {
            "prompt": f"Explain inodes. ({number})",
            "guidance": "guidance-for-graders",
            "max_length": 5000,
        },
    }
    return parse_content({"type": kind.value, **document[kind]})


async def certification(
    organization: Organization | None = None,
    *,
    items: Mapping[ItemType, int] | None = None,
    published: bool = True,
    access: CertificationAccess = CertificationAccess.open,
    domains: Mapping[str, int] | None = None,
    policy: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Certification:
    """Published and open unless said otherwise, with `items` (how many of each type) spread over `domains` in turn.

    Without `items` it has one of each type that needs no grader; `domains` maps names to weights; `policy` holds
    columns of its version 1.
    """
    number = next(_numbers)
    created = await Certification.create(
        organization=organization or await accounts.organization(),
        **{
            "slug": f"certification-{number}",
            "title": f"Certified System Associate {number}",
            "statement": "has shown the skills of a system associate",
            "summary": "For people who run systems.",
            "access": access,
            "status": CertificationStatus.published if published else CertificationStatus.draft,
            "published_at": datetime.now(UTC) - timedelta(days=30) if published else None,
            **fields,
        },
    )
    await CertificationPolicy.create(certification=created, version=1, **(policy or {}))
    rows = [
        await Domain.create(certification=created, name=name, weight=weight, position=position)
        for position, (name, weight) in enumerate((domains or {"General": 1}).items())
    ]
    kinds = [kind for kind, amount in (SCORED_AT_ONCE if items is None else items).items() for _ in range(amount)]
    for position, kind in enumerate(kinds):
        await item(created, content(kind), domain=rows[position % len(rows)])
    return created


async def item(certification: Certification, content: ItemContent, *, domain: Domain | None = None) -> ItemVersion:
    """An item with one version, in the first domain unless another is given."""
    chosen = domain or await Domain.filter(certification_id=certification.id).order_by("position").first()
    assert chosen is not None
    created = await Item.create(certification=certification, domain=chosen, title=content.prompt.source[:200])
    return await ItemVersion.create(item=created, version=1, type=content.type.value, content=dump_content(content))


async def entitlement(
    certification: Certification, person: Person, *, attempts: int = 2, valid_until: datetime | None = None
) -> Entitlement:
    """The right to sit, a year long unless said otherwise."""
    return await Entitlement.create(
        certification=certification,
        person=person,
        attempts_allowed=attempts,
        valid_until=valid_until or datetime.now(UTC) + timedelta(days=365),
        source=EntitlementSource.granted,
    )


def right_response(content: ItemContent) -> Response:
    """What earns full credit; an essay is just some text."""
    match content:
        case SingleChoice():
            return next(option.id for option in content.options if option.correct)
        case MultipleChoice():
            return [option.id for option in content.options if option.correct]
        case TrueFalse():
            return content.answer
        case Numeric():
            return str(content.answers[0].value)
        case ShortAnswer():
            return content.answers[0].text
        case Matching():
            return content.key()
        case Essay():
            return "An inode holds everything about a file but its name."


def wrong_response(content: ItemContent) -> Response:
    """What earns nothing, though it is an answer."""
    match content:
        case SingleChoice() | MultipleChoice():
            wrong = next(option.id for option in content.options if not option.correct)
            return wrong if isinstance(content, SingleChoice) else [wrong]
        case TrueFalse():
            return not content.answer
        case Numeric():
            return "-987654"
        case ShortAnswer():
            return "no such thing"
        case Matching():
            lefts, rights = list(content.key()), list(content.key().values())
            return dict(zip(lefts, [*rights[1:], rights[0]], strict=True))
        case Essay():
            return "I do not know."


async def attempt(
    certification: Certification, person: Person | None = None, *, now: datetime | None = None
) -> Attempt:
    """A running attempt, started by the command itself."""
    return await attempts.start(
        certification,
        by=person or await accounts.person(),
        certificate_name=None,
        now=now or datetime.now(UTC),
        locale="en",
    )


async def answer(attempt: Attempt, right: int | None = None, *, now: datetime | None = None) -> None:
    """Answer the first `right` positions rightly (all, unless given) and the others wrongly."""
    person = await Person.get(id=attempt.person_id)
    contents = await contents_by_position(attempt)
    for position, one in contents.items():
        is_right = right is None or position <= right
        chosen = right_response(one) if is_right else wrong_response(one)
        moment = now or attempt.started_at
        await saving.save(attempt.id, position, sequence=position, response=chosen, by=person, now=moment)


async def contents_by_position(attempt: Attempt) -> dict[int, ItemContent]:
    """What the form asks at each position, keys included."""
    rows = await ResponseRow.filter(attempt_id=attempt.id).order_by("position").select_related("item_version")
    return {row.position: parse_content(row.item_version.content) for row in rows}
