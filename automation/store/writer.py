"""One thread owns the only write connection, and commits together what waits.

What one turn of the loop asks for is handed over whole, and whatever queued up during the last sync
goes into the next transaction; there is no timer. A verb that
fails never sinks its neighbours: it is rare, so only then is the group done again with a savepoint
around each. A future is resolved only after the commit is on disk.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from automation.model.errors import StoreError, StoreUnavailable

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741
MOST_TOGETHER = 256

Bulk = Callable[[sqlite3.Connection, Sequence[Any]], Sequence[Any]]
"""Work on many items at once: what came of each, in order."""


@dataclass(slots=True)
class _Job:
    bulk: Bulk
    item: Any
    future: "asyncio.Future[Any]"
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs verbs in its own thread, in order, grouped by commit."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._turn: list[_Job] = []
        self._turns: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Start the thread; it answers to the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Finish what is queued, then close the connection."""
        if self._loop is not None:
            self._hand_over()
            self._turns.put(None)
            await asyncio.to_thread(self._thread.join)

    async def run(self, verb: Callable[[sqlite3.Connection], T]) -> T:
        """The verb's result, after its commit. Raises what the verb raised, or StoreUnavailable."""
        result: T = await self.run_in_bulk(_one_by_one, verb)
        return result

    async def run_in_bulk(
        self, bulk: Callable[[sqlite3.Connection, Sequence[I]], Sequence[T]], item: I
    ) -> T:
        """Like `run`, for work that is cheaper together: items that wait next to each other are one call."""
        loop = asyncio.get_running_loop()
        job = _Job(bulk, item, loop.create_future())
        if not self._turn:
            loop.call_soon(self._hand_over)
        self._turn.append(job)
        result: T = await job.future
        return result

    def _hand_over(self) -> None:
        """Once a turn: each hand-over wakes the thread, and two threads share one interpreter."""
        turn, self._turn = self._turn, []
        self._turns.put(turn)

    # the thread -----------------------------------------------------------------------------------

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while (batch := self._next()) is not None:
            try:
                connection = connection or self._connect()
                self._commit(connection, batch)
            except Exception as error:
                # The connection itself is in question: the next group gets a new one.
                _fail(batch, error)
                _close(connection)
                connection = None
            self._resolve(batch)
        _close(connection)

    def _next(self) -> list[_Job] | None:
        batch = self._turns.get()
        while batch is not None and len(batch) < MOST_TOGETHER and not self._turns.empty():
            more = self._turns.get()
            if more is None:
                self._turns.put(None)
                break
            batch += more
        return batch

    def _resolve(self, batch: list[_Job]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_settle, batch)

    def _commit(self, connection: sqlite3.Connection, batch: list[_Job]) -> None:
        try:
            if not _try_together(connection, batch):
                _do_apart(connection, batch)
        except sqlite3.Error as error:
            _roll_back(connection)
            _fail(batch, error)


def _fail(batch: list[_Job], error: Exception) -> None:
    away = StoreUnavailable(f"the store cannot be written: {error}")
    for job in batch:
        job.result, job.error = None, away


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        with suppress(sqlite3.Error):
            connection.close()


def _one_by_one(
    connection: sqlite3.Connection, verbs: Sequence[Callable[[sqlite3.Connection], Any]]
) -> Sequence[Any]:
    return [verb(connection) for verb in verbs]


def _try_together(connection: sqlite3.Connection, batch: list[_Job]) -> bool:
    """Commit all of them; false, and nothing done, when a verb fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for bulk, group in groupby(batch, key=lambda job: job.bulk):
            jobs = list(group)
            results = bulk(connection, [job.item for job in jobs])
            for job, result in zip(jobs, results, strict=True):
                job.result = result
    except sqlite3.OperationalError:
        # Disk full, I/O error, locked: the whole transaction is in question.
        raise
    except Exception:
        connection.execute("ROLLBACK")
        return False
    connection.execute("COMMIT")
    return True


def _do_apart(connection: sqlite3.Connection, batch: list[_Job]) -> None:
    """Commit those that can be done; a verb that fails gets its own error."""
    connection.execute("BEGIN IMMEDIATE")
    for job in batch:
        _attempt(connection, job)
    connection.execute("COMMIT")


def _attempt(connection: sqlite3.Connection, job: _Job) -> None:
    connection.execute("SAVEPOINT verb")
    try:
        (job.result,) = job.bulk(connection, [job.item])
    except sqlite3.OperationalError:
        raise
    except Exception as error:
        connection.execute("ROLLBACK TO verb")
        job.result = None
        job.error = (
            error
            if isinstance(error, StoreError)
            else StoreError(f"{type(error).__name__}: {error}")
        )
    connection.execute("RELEASE verb")


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
