"""Item contents for exams, kept by each process: item versions never change, so that what is kept is never stale."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar
from uuid import UUID

from certification.bank.content import ItemContent, parse_content
from certification.bank.models import ItemVersion

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the `size` values that were asked for last."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, which now counts as asked for last, or None."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value; the one that was not asked for longest goes."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._size:
            self._values.popitem(last=False)


_contents: Recent[UUID, ItemContent] = Recent(4000)


async def contents_of(version_ids: Iterable[UUID]) -> dict[UUID, ItemContent]:
    """The parsed contents, keys included, of these item versions; one query for all that this process has not kept."""
    wanted = set(version_ids)
    found = {version_id: content for version_id in wanted if (content := _contents.get(version_id)) is not None}
    missing = wanted - found.keys()
    if missing:
        for version_id, document in await ItemVersion.filter(id__in=list(missing)).values_list("id", "content"):
            found[version_id] = parse_content(document)
            _contents.put(version_id, found[version_id])
    return found


async def content_of(version_id: UUID) -> ItemContent:
    """The parsed content of one item version."""
    kept = _contents.get(version_id)
    return kept if kept is not None else (await contents_of([version_id]))[version_id]
