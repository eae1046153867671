"""The statements that read what happened: checks, moves, runs, attempts, observations, documents, dynamic keys."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.sql.elements import ColumnElement

from assets_core.store import sql_rows
from assets_core.store.sql_engine import Query, SqlEngine
from assets_core.store.sql_parameters import asset, env, limit, number, of_key, run
from assets_core.store.sql_schema import (
    attempts,
    cancel_requests,
    check_results,
    documents,
    dynamic_partitions,
    failures,
    findings,
    observations,
    pointer_moves,
    run_ends,
    runs,
)


class HistoryQueries:
    """Built once per engine, each when first used."""

    def __init__(self, engine: SqlEngine) -> None:
        self._assets = engine.wanted("text")
        self._keys = engine.wanted("text", "text")
        self._numbers = engine.wanted("number")

    @cached_property
    def checks(self) -> Query:
        """The newest evaluations of one asset."""
        return (
            select(*sql_rows.EVALUATION)
            .join_from(check_results, runs, runs.c.number == check_results.c.run)
            .where(check_results.c.env == env, check_results.c.asset == asset)
            .order_by(check_results.c.sequence.desc())
            .limit(limit)
        )

    @cached_property
    def evaluations(self) -> Query:
        """(position, evaluation) of wanted materializations, in order."""
        wanted = self._numbers
        joined = wanted.source.outerjoin(
            check_results, check_results.c.materialization == wanted.fields[0]
        ).outerjoin(runs, runs.c.number == check_results.c.run)
        return (
            select(wanted.position, *sql_rows.EVALUATION)
            .select_from(joined)
            .order_by(check_results.c.sequence)
        )

    @cached_property
    def moves(self) -> Query:
        """The newest pointer moves of one asset."""
        return (
            select(*sql_rows.MOVE)
            .select_from(pointer_moves.outerjoin(runs, runs.c.number == pointer_moves.c.run))
            .where(pointer_moves.c.env == env, pointer_moves.c.asset == asset)
            .order_by(pointer_moves.c.sequence.desc())
            .limit(limit)
        )

    @cached_property
    def moves_at(self) -> Query:
        """(position, pointer move) of wanted sequences."""
        wanted = self._numbers
        joined = wanted.source.outerjoin(
            pointer_moves, pointer_moves.c.sequence == wanted.fields[0]
        ).outerjoin(runs, runs.c.number == pointer_moves.c.run)
        return select(wanted.position, *sql_rows.MOVE).select_from(joined)

    @cached_property
    def findings(self) -> Query:
        """(position, finding) of wanted materializations, in order."""
        wanted = self._numbers
        joined = wanted.source.outerjoin(
            findings, findings.c.materialization == wanted.fields[0]
        ).outerjoin(runs, runs.c.number == findings.c.run)
        return (
            select(wanted.position, *sql_rows.FINDING)
            .select_from(joined)
            .order_by(findings.c.sequence)
        )

    @cached_property
    def last_failures(self) -> Query:
        """(position, attempt) of wanted assets, where the last attempt did not materialize."""
        wanted = self._assets
        joined = (
            wanted.source.outerjoin(
                failures, and_(failures.c.env == env, failures.c.asset == wanted.fields[0])
            )
            .outerjoin(attempts, attempts.c.sequence == failures.c.attempt)
            .outerjoin(runs, runs.c.number == attempts.c.run)
        )
        rows = select(wanted.position, *sql_rows.ATTEMPT).select_from(joined)
        return wanted.in_order(rows, failures.c.partition)

    @cached_property
    def runs(self) -> Query:
        """The newest runs."""
        return self._runs.where(runs.c.env == env).order_by(runs.c.sequence.desc()).limit(limit)

    @cached_property
    def run_by_id(self) -> Query:
        """The run with the id ``run``."""
        return self._runs.where(runs.c.run == run)

    @cached_property
    def run_by_number(self) -> Query:
        """The run with this ``number``."""
        return self._runs.where(runs.c.number == number)

    @cached_property
    def cancel_request(self) -> Query:
        """The last request to cancel the run with the id ``run``."""
        return (
            select(*sql_rows.CANCEL_REQUEST)
            .join_from(runs, cancel_requests, cancel_requests.c.run == runs.c.number)
            .where(runs.c.run == run)
            .order_by(cancel_requests.c.sequence.desc())
            .limit(1)
        )

    @property
    def _runs(self) -> Query:
        return select(*sql_rows.RUN).select_from(
            runs.outerjoin(run_ends, run_ends.c.run == runs.c.number)
        )

    @cached_property
    def attempts(self) -> Query:
        """Every attempt of the run with the id ``run``; they all came after it, so no index is needed."""
        return (
            select(*sql_rows.ATTEMPT)
            .join_from(runs, attempts, attempts.c.run == runs.c.number)
            .where(runs.c.run == run, attempts.c.sequence > runs.c.sequence)
            .order_by(attempts.c.sequence)
        )

    @cached_property
    def observations(self) -> Query:
        """(position, observation) of wanted assets: the latest per partition."""
        wanted = self._assets
        joined = wanted.source.outerjoin(
            observations,
            and_(
                observations.c.env == env,
                observations.c.asset == wanted.fields[0],
                observations.c.sequence == self._latest(observations.c.partition),
            ),
        )
        return (
            select(wanted.position, *sql_rows.OBSERVATION)
            .select_from(joined)
            .order_by(observations.c.asset, observations.c.partition)
        )

    def _latest(self, partition: ColumnElement[str]) -> ColumnElement[int]:
        later = observations.alias("later")
        return (
            select(func.max(later.c.sequence))
            .where(
                later.c.env == observations.c.env,
                later.c.asset == observations.c.asset,
                later.c.partition == partition,
            )
            .correlate(observations)
            .scalar_subquery()
        )

    @cached_property
    def latest_tokens(self) -> Query:
        """(position, token, version) of wanted (asset, partition), every one in order."""
        wanted = self._keys
        joined = wanted.source.outerjoin(observations, of_key(observations, wanted))
        return (
            select(wanted.position, observations.c.token, observations.c.version)
            .select_from(joined)
            .order_by(observations.c.sequence)
        )

    @cached_property
    def documents(self) -> Query:
        """(position, digest, content) of wanted digests."""
        wanted = self._assets
        joined = wanted.source.outerjoin(documents, documents.c.digest == wanted.fields[0])
        return select(wanted.position, documents.c.digest, documents.c.content).select_from(joined)

    @cached_property
    def dynamic(self) -> Query:
        """(name, key, ordinal, live) facts of an environment, in order."""
        table = dynamic_partitions
        return (
            select(table.c.name, table.c.key, table.c.ordinal, table.c.live)
            .where(table.c.env == env)
            .order_by(table.c.sequence)
        )

    @cached_property
    def dynamic_of(self) -> Query:
        """The same, of one ``name``."""
        return self.dynamic.where(dynamic_partitions.c.name == bindparam("name"))
