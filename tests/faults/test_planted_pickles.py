"""Fault 26: a pickle planted in the store, the caches, the data or beside the code is never loaded by any verb."""

from __future__ import annotations

import importlib.util
import marshal
import os
import pickle
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.faults.verbs import Verbs
from tests.scenarios.shops import Shop

PROJECT = """
@asset
def table() -> pa.Table:
    print("logged")
    return pa.table({"n": [1]})


@asset
def value(table: pa.Table) -> dict:
    return {"n": 1}


@asset
def text(value: dict) -> str:
    return "x"


@asset
def raw(text: str) -> bytes:
    return b"x"


@asset
def tree(raw: bytes) -> Path:
    Path("made.bin").write_bytes(raw)
    return Path("made.bin")


@asset(materializer="pickle")
def model(tree: Path) -> object:
    return {1, 2}


@asset
def last(table: pa.Table, value: dict, text: str, raw: bytes, tree: Path, model: set) -> Output[int]:
    return Output(1, metadata={"a": 1})


@check(asset=last)
def fine(last: int) -> bool:
    return True


@asset
def reader(model: set) -> int:
    return 1  # of what is pickled alone: nothing else that is damaged comes before it


@asset(partitions=StaticPartitions(["a", "b"]))
def part(context: AssetContext) -> int:
    return 1


@asset
def raises() -> int:
    raise ValueError("no")


counted = sql_asset("counted", 'select count(*) as n from "table"', checks=[row_count(min=1)])
"""
LOOKING = (
    ("plan", "--diff"), ("why", "last"), ("show", "last"), ("runs", "show", "1"), ("runs", "logs", "1"), ("doctor",),
    ("ls",), ("partitions", "part"), ("lineage",), ("sql", 'select * from "table"'),
)  # fmt: skip
DOING = (
    ("materialize", "reader"),
    ("materialize",),
    ("check",),
    ("retry",),
    ("materialize", "--force"),
)


class Payload:
    """Unpickling it leaves a witness."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.witness),))


@pytest.fixture(scope="module")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = Shop.at(tmp_path_factory.mktemp("built") / "project")
    shop.define(PROJECT)
    shop.attempt()
    assert {asset for asset, outcome in shop.outcomes().items() if outcome != "materialized"} == {
        "raises"
    }
    return shop.root


@pytest.fixture
def root(_built: Path, tmp_path: Path) -> Path:
    """The project after its first run, its readers due."""
    shutil.copytree(_built, tmp_path / "project")
    shop = Shop(tmp_path / "project")
    shop.edit("    return Output(1, metadata", "    return Output(2, metadata")
    shop.edit("    return 1  # of", "    return 2  # of")
    return shop.root


def use(root: Path, verbs: Verbs, *commands: tuple[str, ...]) -> None:
    """Whatever a verb finds, it is no bug: damage is a located error."""
    done = {command: verbs(*command) for command in commands}
    assert {command: d.err[-2000:] for command, d in done.items() if d.code == 70} == {}
    assert not (root / "witness").exists()


def test_the_payload_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Payload(tmp_path / "witness")))  # noqa: TID251 - what an attacker hopes for
    assert (tmp_path / "witness").is_dir()


@pytest.mark.parametrize("padded", [True, False], ids=["of the same size", "of its own size"])
def test_none_is_loaded_from_data_caches_or_logs(
    root: Path, padded: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = pickle.dumps(Payload(root / "witness"))
    for folder in ("data", "cache", "logs"):
        for file in [p for p in (root / ".assets" / folder).rglob("*") if p.is_file()]:
            file.write_bytes(bad.ljust(file.stat().st_size, b".") if padded else bad)
            file.with_suffix(".pickle").write_bytes(bad)
    use(root, Verbs(root, capfd), *LOOKING, *DOING)


def columns(state: Path) -> list[tuple[str, str, object]]:
    """Every column that holds texts or bytes, and what a pickle of its kind is: protocol 0 is text."""
    bad = Payload(state.parent.parent / "witness")
    found: list[tuple[str, str, object]] = []
    connection = sqlite3.connect(state)
    for (table,) in connection.execute(
        "select name from sqlite_master where type = 'table'"
    ).fetchall():
        for _, name, kind, *_ in connection.execute(f'pragma table_info("{table}")').fetchall():
            if kind == "BLOB":
                found.append((table, name, pickle.dumps(bad)))
            elif "CHAR" in kind or kind == "TEXT":
                found.append((table, name, pickle.dumps(bad, 0).decode()))
    connection.close()
    return found


def plant(state: Path, table: str, column: str, bad: object) -> bool:
    """Put it into every row where the schema lets us; whether there was any."""
    connection = sqlite3.connect(state)
    try:
        with connection:
            statement = f'update or ignore "{table}" set "{column}" = ?'
            return connection.execute(statement, (bad,)).rowcount > 0
    except sqlite3.IntegrityError:
        return False
    finally:
        connection.close()


def test_none_is_loaded_from_any_column_of_the_store(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    kept = root / ".assets" / "state.sqlite"
    verbs = Verbs(root, capfd)
    planted = 0
    for number, (table, column, bad) in enumerate(columns(kept)):
        state = root / f"store{number}" / "state.sqlite"
        state.parent.mkdir()
        shutil.copyfile(kept, state)
        if plant(state, table, column, bad):
            planted += 1
            monkeypatch.setenv("ASSETS_STORE", f"sqlite:///{state}")
            use(root, verbs, ("runs", "show", "1"), ("materialize", "last"))
    assert planted > 20


def test_no_bytecode_is_loaded_that_lies_beside_the_code(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = root / "shop.py"
    compiled = Path(importlib.util.cache_from_source(str(source)))
    compiled.parent.mkdir(exist_ok=True)
    code = compile(f"import os; os.mkdir({str(root / 'witness')!r})", "shop.py", "exec")
    facts = source.stat()
    header = importlib.util.MAGIC_NUMBER + (0).to_bytes(4, "little")
    header += int(facts.st_mtime).to_bytes(4, "little") + facts.st_size.to_bytes(4, "little")
    compiled.write_bytes(header + marshal.dumps(code))
    use(root, Verbs(root, capfd), ("plan",), ("materialize",))
