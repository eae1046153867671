"""Fault 29 for the store itself: the password of a database is shown by no verb, no error and no file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faces.command import Done
from tests.faults.verbs import Verbs
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.postgres
PASSWORD = "c0rrect-h0rse"
PROJECT = """
from __future__ import annotations

import os

from assets_core import asset


@asset
def one() -> int:
    print(os.environ.get("PGPASSWORD"), os.environ.get("STORE_URL"))
    return 1
"""


@pytest.fixture
def project(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[[str], Verbs]:
    def write(store: str) -> Verbs:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        (folder / "pyproject.toml").write_text(
            f'[tool.assets]\nmodule = "work"\nexecutor = "inline"\nstore = {store}\n'
        )
        (folder / "work.py").write_text(PROJECT)
        return Verbs(folder, capfd)

    return write


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """A store's address without a password, for a user who needs one."""
    schema = postgres.new_url().rpartition("%3D")[2]
    role = f"guarded_{schema}"
    with postgres.connect() as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
        admin.execute(f"ALTER SCHEMA {schema} OWNER TO {role}")
    return postgres.url(schema, role)


def everything(command: Verbs) -> list[Done]:
    """Verbs that read, write, show and look into the configuration."""
    verbs = (
        ["materialize"], ["materialize", "--json"], ["plan", "--force", "--json"], ["ls"], ["doctor"],
        ["config", "show"], ["config", "show", "--origin", "--json"], ["runs", "ls"], ["runs", "logs"],
    )  # fmt: skip
    return [command(*verb) for verb in verbs]


def tells(folder: Path, done: list[Done], secret: str) -> list[str]:
    """Where a secret shows."""
    found = [one.out + one.err for one in done if secret in one.out + one.err]
    files = [p for p in (folder / ".assets").rglob("*") if p.is_file()]
    return found + [str(p) for p in files if secret.encode() in p.read_bytes()]


def with_password(url: str, password: str) -> str:
    return url.replace("@", f":{password}@", 1)


@pytest.mark.parametrize("given", ["variable", "file", "PGPASSWORD", "query"])
def test_a_password_by_reference_opens_the_store_and_shows_nowhere(
    given: str,
    url: str,
    project: Callable[[str], Verbs],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = '{env = "STORE_URL"}'
    if given == "variable":
        monkeypatch.setenv("STORE_URL", with_password(url, PASSWORD))
    elif given == "query":
        monkeypatch.setenv("STORE_URL", f"{url}&password={PASSWORD}")
    elif given == "PGPASSWORD":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        store = f'"{url}"'
    else:
        store = '{file = "../address"}'
        (tmp_path / "address").write_text(with_password(url, PASSWORD) + "\n")
    command = project(store)
    done = everything(command)
    assert [one.code for one in done] == [0] * len(done), [one.err for one in done]
    assert tells(command.folder, done, PASSWORD) == []
    shown = {"variable": "STORE_URL", "query": "STORE_URL", "file": "../address"}
    assert shown.get(given, "guarded_") in done[5].out, "config show says where it comes from"


def test_a_wrong_password_is_an_error_that_does_not_tell_it(
    url: str, project: Callable[[str], Verbs], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = project('{env = "STORE_URL"}')
    monkeypatch.setenv("STORE_URL", with_password(url, "wr0ng-pa55word"))
    done = everything(command)
    assert done[0].code == 6
    assert "error[E631]" in done[0].err
    assert tells(command.folder, done, "wr0ng-pa55word") == []


def test_a_reference_that_leads_nowhere_is_named(url: str, project: Callable[[str], Verbs]) -> None:
    done = project('{env = "NO_SUCH_URL"}')("plan")
    assert done.code == 2
    assert (
        "error[E409]: the address of the state store is read from the variable NO_SUCH_URL, "
        "which is not set" in " ".join(done.err.split())
    )
