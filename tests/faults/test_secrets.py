"""Fault 29: secrets in variables, files, addresses, exceptions, SQL, logs, metadata and samples appear nowhere.

Every secret ends in a canary of plain letters, which no spelling (percent, JSON, HTML, ``repr``) changes. A project
that does all it can to give its secrets away is run and looked at with every verb; then every byte below the state
directory and everything that was printed is searched.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.command import Command, Done
from tests.faults.verbs import Verbs

CANARY = "CANARYqZ7v"
SECRETS = {
    "SHOP_PASSWORD": f"p@ss w\"rd/é&<'%{CANARY}1",
    "SHOP_DSN": f"pg://shop:d%C3%A9{CANARY}2@localhost/db",
    "ASSETS_CONFIG__MIRROR": f"http://user:{CANARY}6@example.invalid/z",
    "ASSETS_CONNECTIONS__DB__TOKEN": f"{CANARY}7",
}
"""What the variables hold. Written into files: ``IN_FILE`` by reference, ``IN_URL`` as an address in plain sight."""
IN_FILE = f"line one of a key\n{CANARY}3 of a key\n"
IN_URL = f"http://user:{CANARY}4@example.invalid/x"
IN_CONFIG = f"http://user:{CANARY}5@example.invalid/y"

CONFIG = f"""\
module = "shop"
executor = "inline"

[config]
endpoint = "{IN_CONFIG}"

[retry]
max_retries = 1
delay = 0

[connections.db]
host = "localhost"
password = {{env = "SHOP_PASSWORD"}}
dsn = {{env = "SHOP_DSN"}}
key = {{file = "key.pem"}}
mirror = "{IN_URL}"
"""

SHOP = """\
from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from html import escape
from urllib.parse import quote

from pydantic import SecretStr

from assets_core import (
    CheckResult, Config, Connection, Output, Severity, StaticPartitions, asset, check, source,
)


class Db(Connection):
    host: str
    password: SecretStr
    dsn: str
    key: SecretStr
    mirror: str
    token: SecretStr

    @property
    def everything(self):
        return " ".join([self.password.get_secret_value(), self.dsn, self.key.get_secret_value(), self.mirror,
                         self.token.get_secret_value()])


class Where(Config):
    endpoint: str
    mirror: str


def observe() -> str:
    if os.path.exists("unreachable"):
        raise OSError("no answer from " + os.environ["SHOP_DSN"] + " " + os.environ["SHOP_PASSWORD"])
    return "1"


@source(observe=observe)
def remote(db: Db) -> str:
    print("reading", db.everything)
    return "rows"


@asset
def passes(context, db: Db, where: Where, remote: str) -> Output[str]:
    told = " ".join([db.everything, where.endpoint, where.mirror])
    for text in (told, repr(told), ascii(told), json.dumps(told), quote(told), escape(told)):
        print(text)
        print(text, file=sys.stderr)
        context.log.warning(text)
    logging.getLogger("shop").error(told)
    warnings.warn(told)
    os.write(1, told.encode() + b"\\n")
    context.add_metadata(**{"told": told, "deep": [{db.dsn: {"key": db.key.get_secret_value()}}]})
    return Output("fine", metadata={"at": where.endpoint})


@check(asset=passes, severity=Severity.WARN)
def complains(passes: str, db: Db) -> CheckResult:
    told = db.everything
    return CheckResult(False, 1, ({"column": told, told: 1},), {"seen": told}, "found " + told)


@check(asset=passes, severity=Severity.WARN)
def crashes(passes: str, db: Db) -> bool:
    raise LookupError(db.everything)


@asset
def rejected(db: Db) -> str:
    return "x"


@check(asset=rejected)
def never(rejected: str, db: Db) -> CheckResult:
    return CheckResult(False, 1, ({"column": db.everything},), {}, db.everything)


@asset(partitions=StaticPartitions(["a", "b"]))
def raises(context, db: Db) -> str:
    try:
        raise ValueError(db.everything)
    except ValueError as error:
        error.add_note(db.everything)
        raise RuntimeError(f"cannot log in with {db.everything!r}") from error


@asset
def queries(db: Db, passes: str) -> str:
    import duckdb

    return duckdb.sql(f"select * from read_csv('{db.mirror}/{db.password.get_secret_value()}.csv') nothing").fetchall()


@asset
def unstorable(db: Db) -> object:
    class Odd:
        def __repr__(self):
            return db.everything
    return Output(Odd(), metadata={db.everything: Odd()})


@asset
def leaves(db: Db) -> str:
    sys.exit(db.everything)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Command:
    """The project that gives its secrets away."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "assets.toml").write_text(CONFIG)
    (tmp_path / "key.pem").write_text(IN_FILE)
    command = Command(tmp_path)
    command.write(__init__="", told=SHOP)
    return command


LOOKING = (
    ("materialize", "--jsonl", "--force", "-v"),
    ("plan",), ("plan", "--diff", "-v"), ("plan", "--json"), ("plan", "--force", "--out", ".assets/plan.json"),
    ("ls", "--json"), ("show", "passes"), ("show", "passes", "--json"), ("show", "raises@a"), ("show", "rejected"),
    ("why", "passes"), ("why", "raises@a", "--json"), ("runs", "ls", "--json"), ("runs", "show", "1"),
    ("runs", "show", "1", "--json"), ("runs", "logs", "1"), ("runs", "logs", "1", "--json"), ("check", "--json"),
    ("config", "show", "--origin"), ("config", "show", "--json"), ("doctor", "-v"), ("partitions", "raises"),
    ("lineage", "-o", "json"), ("sql", "select 1"),
)  # fmt: skip


def said(done: Done) -> str:
    return f"{done.code}\n{done.out}\n{done.err}"


def found_below(folder: Path) -> list[str]:
    """Files that hold the canary, ours and SQLite's alike."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".log" for path in files)
    assert any(path.name.startswith("state.sqlite") for path in files)
    return [str(path.relative_to(folder)) for path in files if CANARY.encode() in path.read_bytes()]


def test_no_verb_prints_a_secret_and_no_file_keeps_one(
    shop: Command, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    runs = [
        shop("materialize", "--executor", "processes", "-j", "2", "-v", **SECRETS),
        shop("retry", "--json", **SECRETS),
    ]
    assert [done.code for done in runs] == [1, 1]
    assert "cannot log in with" in runs[0].err
    assert "***" in runs[0].err
    monkeypatch.chdir(shop.folder)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    verbs = Verbs(shop.folder, capfd)
    printed = {arguments: verbs(*arguments) for arguments in LOOKING}
    assert {arguments for arguments, done in printed.items() if done.code > 1} == set()
    assert "reading ***" in printed["runs", "logs", "1"].out
    assert [said(done)[:3000] for done in runs if CANARY in said(done)] == []
    assert {arguments for arguments, done in printed.items() if CANARY in said(done)} == set()
    assert found_below(shop.folder / ".assets") == []


AT_IMPORT = """
import os
from pathlib import Path

told = os.environ["SHOP_DSN"] + os.environ["SHOP_PASSWORD"] + Path("key.pem").read_text()
raise ConnectionError("no answer from " + told)
"""

BAD_KEY = """
import os
from assets_core import asset


@asset(name=os.environ["SHOP_DSN"])
def f() -> int: ...
"""


@pytest.mark.parametrize("broken", ["observer", "import", "definition"])
def test_what_fails_before_any_connection_was_made_tells_no_secret(
    shop: Command, broken: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shop.folder)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    if broken == "observer":
        (shop.folder / "unreachable").touch()
    elif broken == "import":
        shop.write(early=AT_IMPORT)
    else:
        shop.edit(
            "shop/told.py",
            "@asset\ndef leaves",
            "@asset(group=os.environ['SHOP_PASSWORD'])\ndef leaves",
        )
        shop.write(
            early="from assets_core import asset\nimport os\n@asset(name=os.environ['SHOP_DSN'])\ndef f(): ...\n"
        )
    verbs = Verbs(shop.folder, capfd)
    asked = [
        ("plan",),
        ("plan", "-v"),
        ("plan", "--json"),
        ("why", "passes"),
        ("doctor",),
        ("materialize", "-x"),
    ]
    done = {arguments: verbs(*arguments) for arguments in asked}
    assert {arguments for arguments, one in done.items() if CANARY in said(one)} == set()
    assert any("***" in said(one) for one in done.values())
    below = [path for path in (shop.folder / ".assets").rglob("*") if path.is_file()]
    assert [path for path in below if CANARY.encode() in path.read_bytes()] == []
