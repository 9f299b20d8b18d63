"""Calls that arrive together share one statement and one commit: what a small change costs is mostly its commit.

A call that comes alone goes to the database at once; only those that come while earlier ones are under way wait, for at
most those. Nobody is answered before the commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from core.database import my_turn

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """Gathers items and hands them to `store`, which answers by key; items that it leaves out get None.

    Items of one batch have the same `group` and different `key`s. `parallel` batches at most are under way in a process
    (keep it below the pool's size, so that reads are not kept waiting), with at most `most` items each. An exception of
    `store` reaches every caller of its batch.
    """

    def __init__(
        self,
        store: Callable[[list[Item]], Awaitable[Mapping[Hashable, Answer]]],
        *,
        key: Callable[[Item], Hashable],
        group: Callable[[Item], Hashable] = lambda _item: None,
        parallel: int = 2,
        most: int = 64,
    ) -> None:
        self.store, self.key, self.group = store, key, group
        self.parallel, self.most = parallel, most
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue[Item, Answer]] = WeakKeyDictionary()

    async def put(self, item: Item) -> Answer | None:
        """The answer to `item`, after the commit. Call it outside a transaction: it uses one of its own."""
        loop = asyncio.get_running_loop()
        queue = self._queues.get(loop)
        if queue is None:
            queue = self._queues[loop] = _Queue(self)
        return await queue.put(item)


class _Queue(Generic[Item, Answer]):
    """The items of one event loop that wait for a statement."""

    def __init__(self, batcher: Batcher[Item, Answer]) -> None:
        self._batcher = batcher
        self._waiting: list[tuple[Item, asyncio.Future[Answer | None]]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        # Not the number of tasks: a task that has seen an empty queue is still among them for a moment.
        self._draining = 0

    async def put(self, item: Item) -> Answer | None:
        done: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._draining < self._batcher.parallel:
            self._draining += 1
            task = asyncio.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await done

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._store_next()
        finally:
            self._draining -= 1

    async def _store_next(self) -> None:
        batch = self._take()
        if not batch:
            return
        try:
            async with my_turn():
                answers = await self._batcher.store([item for item, _ in batch.values()])
        except Exception as failure:
            for _, done in batch.values():
                if not done.done():
                    done.set_exception(failure)
            return
        for key, (_, done) in batch.items():
            if not done.done():
                done.set_result(answers.get(key))

    def _take(self) -> dict[Hashable, tuple[Item, asyncio.Future[Answer | None]]]:
        """The next batch: the group of whoever waits longest, one item a key, and none whose caller has gone."""
        waiting = [(item, done) for item, done in self._waiting if not done.done()]
        taken: dict[Hashable, tuple[Item, asyncio.Future[Answer | None]]] = {}
        left = []
        group = self._batcher.group(waiting[0][0]) if waiting else None
        for item, done in waiting:
            key = self._batcher.key(item)
            if key in taken or len(taken) == self._batcher.most or self._batcher.group(item) != group:
                left.append((item, done))
            else:
                taken[key] = (item, done)
        self._waiting = left
        return taken
