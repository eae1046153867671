"""The rows of runs within one write transaction: their beginnings, their ends, and who asked that they stop."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete

from assets_core.model.records import CancelRequest, RunEnd, RunRecord
from assets_core.store.encoding import dumps, time_text
from assets_core.store.refusals import unknown_run
from assets_core.store.sql_engine import Session, SqlEngine
from assets_core.store.sql_queries import Queries
from assets_core.store.sql_rows import cancel_request_of, run_of
from assets_core.store.sql_schema import cancel_requests, leases, run_ends, runs
from assets_core.store.states import Counter


class RunRows:
    """Reads and writes them on one connection; what was looked up once is not asked for again."""

    def __init__(
        self,
        session: Session,
        engine: SqlEngine,
        queries: Queries,
        counter: Counter,
        numbers: dict[str, int],
    ) -> None:
        self._session = session
        self._engine = engine
        self._queries = queries
        self._counter = counter
        self._numbers = numbers
        self._cancels: dict[str, CancelRequest | None] = {}

    def number(self, run: str) -> int:
        """The number of a run by its id; UnknownRun where none began."""
        number = self._numbers.get(run)
        if number is None:
            row = self._session.execute(self._queries.run_number, {"run": run}).fetchone()
            if row is None:
                raise unknown_run(run)
            number = self._numbers[run] = row[0]
        return number

    def start(self, run: RunRecord) -> RunRecord:
        """The run with its number; one that began already is given as it is."""
        known = self._session.execute(self._queries.run_by_id, {"run": run.run}).fetchone()
        if known is not None:
            return run_of(known)[0]
        self._counter.run += 1
        run = replace(run, number=self._counter.run)
        head = (self._counter.event(), run.number, run.run, run.env)
        times = (time_text(run.started), time_text(run.now))
        row = (*head, *times, dumps(dict(run.options)), run.retry_of)
        self._engine.insert(self._session, runs, [row])
        self._numbers[run.run] = run.number
        return run

    def end(self, end: RunEnd) -> None:
        """Its first end counts; its leases go."""
        number = self.number(end.run)
        values = {"number": number}
        if self._session.execute(self._queries.end_of_run, values).fetchone() is None:
            sequence, counts = self._counter.event(), dumps(dict(end.counts))
            row = (sequence, number, end.status.value, time_text(end.ended), counts)
            self._engine.insert(self._session, run_ends, [row])
        self._session.execute(delete(leases).where(leases.c.run == end.run))

    def request_cancel(self, request: CancelRequest) -> None:
        head = (self._counter.event(), self.number(request.run))
        row = (*head, request.grace_s, time_text(request.at))
        self._engine.insert(self._session, cancel_requests, [row])
        self._cancels.pop(request.run, None)

    def cancel_request(self, run: str) -> CancelRequest | None:
        """The latest, as of the counter row that this transaction holds."""
        if run not in self._cancels:
            found = self._session.execute(self._queries.cancel_request, {"run": run}).fetchone()
            self._cancels[run] = None if found is None else cancel_request_of(found)
        return self._cancels[run]
