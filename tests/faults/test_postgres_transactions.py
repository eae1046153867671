"""Fault 15 at each statement: a transaction at PostgreSQL happens once or not at all, whatever its connection does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from assets_core.errors import StoreError
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.pools import Needs, PoolNeed, RateLimit
from assets_core.model.records import RunRecord
from assets_core.ports import Lease, LimitFull, PoolFull, StateStore
from assets_core.store import open_store
from tests.faults.cutting_proxy import Cut, CuttingProxy
from tests.postgres_server import PostgresServer
from tests.scenarios.shops import NOW

pytestmark = pytest.mark.postgres
KEY = AssetPartition(AssetKey("a"), "")
NEEDS = Needs((PoolNeed("warehouse", 1, 1_000),), (RateLimit("tag:api=x", 1_000, 3600.0),))
OTHER = AssetPartition(AssetKey("b"), "")


@pytest.fixture
def store(postgres_url: str) -> Iterator[Any]:
    """A store with one run."""
    with_run = started(postgres_url)
    yield with_run
    with_run.close()


def started(url: str) -> Any:
    store = open_store(url, alive=bool)
    with store.writing() as tx:
        tx.start_run(RunRecord("run-1", "default", NOW, NOW, {}))
    return store


def add(store: StateStore, *keys: str) -> None:
    with store.writing() as tx:
        tx.set_dynamic("default", "n", keys, [])


def claimed(store: StateStore, key: AssetPartition = KEY) -> bool:
    with store.writing() as tx:
        answer = tx.claim("default", "run-1", [(key, f"of-{key}")], NEEDS)
        return not isinstance(answer, Lease | PoolFull | LimitFull)


def keys(store: StateStore) -> list[tuple[int, str]]:
    return [one[:2] for one in store.dynamic_partitions("default").get("n", ())]


def before_statement(store: Any, number: int, act: Callable[[Any], None]) -> list[str]:
    """Call ``act`` with the connection before its n-th statement, once; the statements that were run."""
    seen: list[str] = []

    def look(connection: Any, cursor: Any, statement: str, *_: object) -> None:
        seen.append(statement)
        if len(seen) == number:
            act(connection)

    event.listen(store._engine._engine, "before_cursor_execute", look)
    return seen


def end_backend(postgres: PostgresServer) -> Callable[[Any], None]:
    """What an administrator or a failover does to one connection."""

    def end(connection: Any) -> None:
        pid = connection.connection.dbapi_connection.info.backend_pid
        with postgres.connect() as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    return end


def test_a_connection_that_ends_before_any_statement_changes_nothing(
    postgres: PostgresServer, store: Any
) -> None:
    """Each statement of a transaction in turn; it is claimed once, and the sequence is without a gap."""
    seen = before_statement(store, 0, end_backend(postgres))
    assert claimed(store)
    total = len(seen)
    assert total >= 5
    for number in range(1, total + 1):
        key = AssetPartition(AssetKey("a"), f"p{number}")
        seen = before_statement(store, number, end_backend(postgres))
        assert claimed(store, key)
        assert len(seen) > total, f"statement {number} was run again"
        before = store.sequence()
        add(store, f"k{number}")
        assert store.sequence() == before + 1
    assert [ordinal for ordinal, _ in keys(store)] == list(range(total))


def test_a_reader_looks_again_on_a_new_connection(postgres: PostgresServer, store: Any) -> None:
    add(store, "x")
    seen = before_statement(store, 1, end_backend(postgres))
    assert keys(store) == [(0, "x")]
    assert len(seen) == 2


def test_a_transaction_is_not_done_again_over_what_another_wrote_meanwhile(
    postgres: PostgresServer, store: Any, postgres_url: str
) -> None:
    other = open_store(postgres_url, alive=bool)
    end = end_backend(postgres)

    def overtake(connection: Any) -> None:
        end(connection)
        add(other, "theirs")

    before_statement(store, 4, overtake)
    with pytest.raises(StoreError) as caught:
        claimed(store)
    assert caught.value.code == "E630"
    assert "another run wrote before it was back" in caught.value.message
    assert keys(store) == [(0, "theirs")]
    assert claimed(store)
    other.close()


# --- a COMMIT without an answer ---------------------------------------------------------------------------------


@pytest.fixture
def proxy(postgres: PostgresServer, tmp_path: Path) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(tmp_path, postgres.socket)
    yield proxy
    proxy.close()


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_commit_without_an_answer_happens_once(
    cut: Cut, proxy: CuttingProxy, postgres_url: str
) -> None:
    store = started(proxy.through(postgres_url))
    for n in range(3):
        proxy.cut = cut
        add(store, f"k{n}")
    assert proxy.cuts == 3
    assert keys(store) == [(0, "k0"), (1, "k1"), (2, "k2")]
    assert store.sequence() == 4
    store.close()


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_commit_is_told_from_one_that_another_writer_overtook(
    cut: Cut, proxy: CuttingProxy, postgres_url: str
) -> None:
    store, other = started(proxy.through(postgres_url)), open_store(postgres_url, alive=bool)
    proxy.meanwhile = lambda: add(other, "theirs")
    proxy.cut = cut
    if cut == "after":
        add(store, "mine")
        assert keys(store) == [(0, "mine"), (1, "theirs")]
    else:
        with pytest.raises(StoreError, match="E630"):
            add(store, "mine")
        assert keys(store) == [(0, "theirs")]
    store.close()
    other.close()


def test_a_server_that_stays_away_during_a_commit_ends_with_an_error_and_loses_nothing(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    proxy = CuttingProxy(tmp_path, postgres.socket)
    store = started(proxy.through(postgres_url) + "&retry_s=0.3")

    def unreachable() -> None:
        (tmp_path / ".s.PGSQL.5432").unlink()

    proxy.cut, proxy.meanwhile = "after", unreachable
    with pytest.raises(StoreError) as caught:
        add(store, "mine")
    assert (caught.value.code, caught.value.exit_code) == ("E630", 6)
    assert "it went away while a transaction was being committed" in caught.value.message
    store.close()
    proxy.close()
    again = open_store(postgres_url, alive=bool)
    assert keys(again) == [(0, "mine")]
    again.close()


# --- locks and limits -------------------------------------------------------------------------------------------


def test_a_deadlock_with_a_stranger_is_tried_again(
    postgres: PostgresServer, store: Any, postgres_url: str
) -> None:
    """Our own writers queue on one row and cannot deadlock; somebody with a SQL prompt can take rows the other way."""
    assert claimed(store)
    schema = postgres_url.rpartition("%3D")[2]
    stranger = postgres.connect(autocommit=False)
    stranger.execute(f"SELECT * FROM {schema}.leases FOR UPDATE")
    done = threading.Thread(
        target=lambda: (
            stranger.execute(f"SELECT * FROM {schema}.counters FOR UPDATE"),
            stranger.commit(),
        )
    )

    def wait_for_stranger(connection: Any) -> None:
        done.start()
        with postgres.connect() as admin:
            waiting = (
                "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
                " AND clock_timestamp() - state_change > interval '100 ms'"
            )
            while not admin.execute(waiting, [stranger.info.backend_pid]).fetchone()[0]:
                pass

    seen = before_statement(store, 4, wait_for_stranger)
    with store.writing() as tx:
        tx.release([Lease("default", KEY.asset, KEY.partition, 1, f"of-{KEY}", "run-1")])
    done.join()
    stranger.close()
    assert sum("set_config" in statement for statement in seen) == 2, "it was begun twice"
    assert claimed(store)


def test_a_full_server_is_waited_for_and_then_an_error_with_a_remedy(
    postgres: PostgresServer, postgres_url: str
) -> None:
    with postgres.connect() as admin:
        admin.execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 1")
        store = started(postgres.new_url("narrow") + "&retry_s=0.3")
        store._engine._engine.dispose()
        of_it = "SELECT 1 FROM pg_stat_activity WHERE usename = 'narrow'"
        while admin.execute(of_it).fetchone():  # the server ends it a moment after we did
            admin.execute("SELECT pg_sleep(0.01)")
    taken = postgres.connect(user="narrow")
    with pytest.raises(StoreError) as caught:
        add(store, "x")
    assert (caught.value.code, caught.value.exit_code) == ("E632", 6)
    taken.close()
    add(store, "x")
    assert keys(store) == [(0, "x")]
    store.close()
