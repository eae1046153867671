"""What a worker hands back: plain values without secrets, and what happens where nothing can be handed back."""

from __future__ import annotations

import sys
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets_core.cli.boundary import StoppedBySignal
from assets_core.errors import AssetsError
from assets_core.execution.capture import MAX_LINE, captured_streams
from assets_core.execution.failures import describe
from assets_core.execution.processes import ProcessExecutor
from assets_core.model.assets import Retry
from assets_core.model.keys import AssetKey
from assets_core.ports import Outcome, ProjectRef, StepRequest
from tests.scenarios.shops import Shop

CANARY = "s3cr3t-canary-value"


def test_secrets_in_metadata_and_check_results_are_recorded_nowhere(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", CANARY)
    config = (shop.root / "pyproject.toml").read_text()
    shop.write(
        "pyproject.toml",
        config + '\n[tool.assets.connections.db]\npassword = { env = "SHOP_PASSWORD" }\n',
    )
    shop.define("""
    from pydantic import SecretStr

    class Db(Connection):
        password: SecretStr

    @asset
    def one(db: Db) -> Output[int]:
        text = db.password.get_secret_value()
        print("x" * 16370 + text + "y")
        return Output(1, metadata={"url": "pg://" + text, text: [1, {"deep": text}]})

    @check(asset=one)
    def fine(one: int, db: Db) -> CheckResult:
        text = db.password.get_secret_value()
        return CheckResult(False, 1, ({"column": text},), {"seen": text}, "found " + text)
    """)
    shop.attempt()
    assert shop.outcomes() == {"one": "rejected"}
    files = [f for f in (shop.root / ".assets").rglob("*") if f.is_file()]
    assert any(f.suffix == ".log" for f in files)
    assert [f.name for f in files if CANARY[:6].encode() in f.read_bytes()] == []


@pytest.mark.parametrize("shift", [0, 1, 7, 18, 19, 4000])
def test_a_secret_that_the_end_of_a_long_line_cuts_in_two_is_not_kept(
    tmp_path: Path, shift: int
) -> None:
    with captured_streams(tmp_path / "log", lambda t: t.replace(CANARY, "***")) as log:
        log.write("x" * (MAX_LINE - shift) + CANARY * 300 + "z" * 5000)
        log.write("z" * 100 + CANARY + "\nnext\n")
    text = (tmp_path / "log").read_text()
    assert CANARY[:3] not in text
    assert [len(line) <= MAX_LINE + 10 for line in text.splitlines()] == [True, True]
    assert text.endswith("next\n")


def test_metadata_of_the_users_own_classes_is_stored_as_plain_values(shop: Shop) -> None:
    shop.define("""
    from enum import IntEnum, StrEnum

    class Kind(StrEnum):
        A = "a"

    class Size(IntEnum):
        B = 3

    @asset
    def one() -> Output[int]:
        return Output(1, metadata={"kind": Kind.A, "size": Size.B, "list": [Kind.A]})
    """)
    shop.build()
    with shop.project().reading() as reader:
        record = reader.current_of("default", AssetKey("one"))[""]
    assert dict(record.metadata) == {"kind": "a", "size": 3, "list": ["a"]}
    assert {type(record.metadata["kind"]), type(record.metadata["size"])} == {str, int}


def test_a_signal_that_ends_everything_is_no_failure_of_the_code_it_met() -> None:
    with pytest.raises(StoppedBySignal):
        describe(StoppedBySignal(2), str, Retry())


def test_a_source_may_know_partitions_that_it_does_not_declare(shop: Shop) -> None:
    shop.write("n", "1")
    shop.define("""
    parts = StaticPartitions(["x", "y"])

    def look():
        return {"x": Path("n").read_text(), "y": "1", "beyond": "9"}

    @source(observe=look, partitions=parts)
    def src() -> int:
        if Path("n").read_text() == "1":
            Path("n").write_text("2")
        return 1

    @asset(partitions=parts)
    def copy(src: int) -> int:
        return src
    """)
    shop.build()
    assert shop.todo() == []


# --- workers that cannot be started, or whose answer cannot be read ---------------------------------------------------


def _request(tmp_path: Path) -> StepRequest:
    return StepRequest(
        "call", "run", "default", AssetKey("one"), (), (), (), (), (), (), (),
        ProjectRef(None, "default"), tmp_path / "log", datetime.now(UTC),
    )  # fmt: skip


def _failure(future: Future[Outcome]) -> AssetsError:
    error = future.exception(timeout=60)
    assert isinstance(error, AssetsError)
    return error


def test_workers_that_cannot_be_started_fail_their_calls_and_nothing_waits_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-such-python"))
    executor = ProcessExecutor(ProjectRef(None, "default"), 2)
    try:
        assert _failure(executor.submit(_request(tmp_path))).code == "E551"
        assert _failure(executor.submit(_request(tmp_path))).code == "E551"
    finally:
        executor.close()


def test_an_answer_that_cannot_be_read_fails_its_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "worker.py"
    program.write_text(
        "#!/bin/sh\nexec " + sys.executable + " - \"$@\" <<'END'\n"
        "import sys, pickle, os\n"
        "from multiprocessing.connection import Connection\n"
        "channel = Connection(int(sys.argv[-4]))\n"
        "channel.recv()\n"
        "while True:\n"
        "    channel.recv()\n"
        "    channel.send_bytes(b'cno_such_module\\nThing\\n.')\n"
        "END\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    executor = ProcessExecutor(ProjectRef(None, "default"), 1)
    try:
        for _ in range(2):
            error = _failure(executor.submit(_request(tmp_path)))
            assert error.code == "E554"
            assert "no_such_module" in error.message
    finally:
        executor.close()
