"""One transaction at PostgreSQL that outlives its connection.

A writer keeps what it ran and what it was answered. Where the connection is lost, the server restarts or a deadlock
ends the transaction, a new one is begun, the same statements are run again, and only if every answer is the same does
the transaction go on: then nobody can tell. Every write transaction starts by locking the counter row, so other
writers have no way in between, but after a loss one may have been faster; what was decided is void then.

A COMMIT whose answer never came may have happened. Each transaction therefore leaves its number in a row of its writer
(``assets_commits``), and the new connection looks there once it has the counter row, which the old transaction holds
until it has ended either way. ``pg_xact_status`` would not do: after a crash a number can be given out again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, FrozenResult
from sqlalchemy.exc import DBAPIError

from assets_core.store.postgres_errors import is_passing
from assets_core.store.sql_engine import Answer

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 2.0


class MovedMeanwhile(Exception):
    """The connection was lost, and before the transaction could be done again another writer came first."""


class OutcomeUnknown(Exception):
    """The server went away while a transaction was being committed, and did not come back in time."""


class Patience:
    """How long a failure that passes is waited for."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._pause = _FIRST_PAUSE_S

    def wait(self, error: DBAPIError) -> None:
        """Pause a little; raises ``error`` where it does not pass, or where the time is over."""
        if not is_passing(error) or time.monotonic() + self._pause > self._until:
            raise error
        time.sleep(self._pause * random.uniform(0.5, 1.0))
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class _Done:
    """A statement that was run, and its answer where it has one."""

    statement: Executable
    parameters: Parameters
    answer: FrozenResult[Any] | None

    def same(self, other: _Done) -> bool:
        """Whether it was answered alike, unless it is about what never is: the time."""
        if self.statement.get_execution_options().get("differs"):
            return True
        if self.answer is None or other.answer is None:
            return self.answer is other.answer
        return list(self.answer.data) == list(other.answer.data)


class ReadSession:
    """Statements on one snapshot, which ``begin`` opens. Only the first can be tried again: the next has another."""

    def __init__(self, begin: Callable[[], Connection], patience_s: float) -> None:
        self._begin = begin
        self._patience_s = patience_s
        self._connection: Connection | None = None
        self._answered = False

    def execute(self, statement: Executable, parameters: Parameters = None, /) -> Answer:
        """Run one statement."""
        answer = self._attempt(lambda: self._current().execute(statement, parameters))
        self._answered = True
        return answer

    def close(self) -> None:
        """Give the connection back; what was not committed is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):
                connection.close()

    def _current(self) -> Connection:
        if self._connection is None:
            self._connection = self._begin()
        return self._connection

    def _attempt(self, action: Callable[[], T]) -> T:
        """``action``, again after a failure that passes."""
        patience: Patience | None = None
        while True:
            try:
                if patience is not None:
                    self._resume()
                return action()
            except DBAPIError as error:
                patience = patience or Patience(self._patience_s)
                if not self._can_resume:
                    raise
                self.close()
                patience.wait(error)

    @property
    def _can_resume(self) -> bool:
        return not self._answered

    def _resume(self) -> None:
        """Come to where the failure was, on a new connection."""


class WriteSession(ReadSession):
    """Statements and one COMMIT. ``begin`` takes the writers' lock; ``committed`` says whether the mark is there."""

    def __init__(
        self,
        begin: Callable[[], Connection],
        patience_s: float,
        mark: tuple[Executable, Mapping[str, Any]],
        committed: Callable[[Connection], bool],
    ) -> None:
        super().__init__(begin, patience_s)
        self._mark = mark
        self._committed = committed
        self._done: list[_Done] = []

    def execute(self, statement: Executable, parameters: Parameters = None, /) -> Answer:
        """Run one statement."""
        answer, done = self._attempt(lambda: self._perform(statement, parameters))
        self._done.append(done)
        return answer

    def _perform(self, statement: Executable, parameters: Parameters) -> tuple[Answer, _Done]:
        answer: Answer = self._current().execute(statement, parameters)
        if not getattr(answer, "returns_rows", False):
            return answer, _Done(statement, parameters, None)
        frozen = answer.freeze()
        return frozen(), _Done(statement, parameters, frozen)

    @property
    def _can_resume(self) -> bool:
        return True

    def _resume(self) -> None:
        for done in self._done:
            _, again = self._perform(done.statement, done.parameters)
            if not done.same(again):
                raise MovedMeanwhile

    def commit(self) -> None:
        """Make it durable; returns only if it is, however often the server went away meanwhile."""
        self.execute(*self._mark)
        try:
            self._current().commit()
        except DBAPIError as error:
            self._settle(error)

    def _settle(self, error: DBAPIError) -> None:
        """Find out whether the COMMIT happened, and do it all again where it did not."""
        if not is_passing(error):
            raise error
        patience = Patience(self._patience_s)
        while True:
            self.close()
            try:
                patience.wait(error)
            except DBAPIError as last:
                raise OutcomeUnknown from last
            try:
                if not self._committed(self._current()):
                    self._resume()
                    self._current().commit()
                return
            except DBAPIError as again:
                error = again
