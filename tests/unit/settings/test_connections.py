"""Connections: secrets by reference only, and never in a message."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr, field_validator

from assets_core.declare.connection import Connection, resolve_connection
from assets_core.declare.secrets import Redactor
from assets_core.errors import ConfigError
from assets_core.settings import project_settings

CANARY = "canary-pa55"


class Login(BaseModel):
    user: str = "me"
    token: SecretStr | None = None


class Warehouse(Connection):
    host: str
    port: int = 5432
    password: SecretStr | None = None
    login: Login = Login()
    url: str = ""

    @field_validator("host")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.startswith("bad"):
            raise ValueError(f"no such host {value}")
        return value


def _resolve(
    folder: Path,
    text: str,
    environ: Mapping[str, str] | None = None,
    redactor: Redactor | None = None,
    name: str = "warehouse",
) -> Warehouse:
    (folder / "assets.toml").write_text(text)
    environ = environ or {}
    settings = project_settings(folder, environ=environ)
    known = redactor or Redactor()
    return resolve_connection(Warehouse, name, settings, known, environ=environ, root=folder)


HEAD = "[connections.warehouse]\n"


def test_fields_and_references_are_resolved(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken-value\n")
    text = HEAD + 'host = "db"\npassword = { env = "PW" }\nlogin.token.file = "token"\n'
    redactor = Redactor()
    found = _resolve(tmp_path, text, {"PW": CANARY}, redactor)
    assert (found.host, found.port) == ("db", 5432)
    assert found.password is not None
    assert found.password.get_secret_value() == CANARY
    assert found.login.token == SecretStr("t0ken-value")
    assert CANARY not in repr(found)
    assert redactor.redact(f"{CANARY} and t0ken-value") == "*** and ***"


def test_a_secret_may_be_given_as_a_variable(tmp_path: Path) -> None:
    environ = {
        "ASSETS_CONNECTIONS__WAREHOUSE__PASSWORD": CANARY,
        "ASSETS_CONNECTIONS__WAREHOUSE__PORT": "1",
    }
    redactor = Redactor()
    found = _resolve(tmp_path, HEAD + 'host = "db"\n', environ, redactor)
    assert (found.password, found.port) == (SecretStr(CANARY), 1)
    assert redactor.redact(CANARY) == "***"


def test_the_password_of_an_address_is_known(tmp_path: Path) -> None:
    redactor = Redactor()
    text = HEAD + 'host = "db"\nurl = { env = "URL" }\n'
    _resolve(tmp_path, text, {"URL": "postgresql://me:p%40ss-word@db/x"}, redactor)
    assert redactor.redact("connect to db with p@ss-word failed") == "connect to db with *** failed"
    assert redactor.redact("postgresql://me:p%40ss-word@other") == "postgresql://me:***@other"


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A keyring of one entry, in the place of the library that may not be installed."""
    module = types.ModuleType("keyring")
    entries = {("shop/db", "me"): CANARY}
    module.get_password = lambda service, user: entries.get((service, user))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", module)
    return module


def test_a_keyring_entry_is_read(tmp_path: Path, keyring: types.ModuleType) -> None:
    text = HEAD + 'host = "db"\npassword.keyring = "shop/db/me"\n'
    assert _resolve(tmp_path, text).password == SecretStr(CANARY)


def test_a_missing_keyring_entry_says_how_to_add_it(
    tmp_path: Path, keyring: types.ModuleType
) -> None:
    with pytest.raises(ConfigError) as caught:
        _resolve(tmp_path, HEAD + 'host = "db"\npassword = { keyring = "shop/you" }\n')
    assert str(caught.value) == (
        "E409: `password` of connection `warehouse` is read from the keyring, which has no entry `shop/you` "
        "(assets.toml:3:12); add it: keyring set shop you"
    )


def test_without_the_keyring_library_another_reference_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError) as caught:
        _resolve(tmp_path, HEAD + 'host = "db"\npassword = { keyring = "shop/me" }\n')
    assert str(caught.value) == (
        "E409: `password` of connection `warehouse` is read from the keyring, but the package `keyring` is not "
        'installed (assets.toml:3:12); install it, or refer to a variable: {env = "NAME"}'
    )


WRONG = [
    (
        HEAD + f'host = "db"\npassword = "{CANARY}"\n',
        (
            "E410: the secret `password` of connection `warehouse` is written out (assets.toml:3:12); "
            'refer to it instead: password = {env = "WAREHOUSE_PASSWORD"}'
        ),
    ),
    (
        HEAD + f'host = "db"\nlogin = {{ user = "x", token = "{CANARY}" }}\n',
        (
            "E410: the secret `login.token` of connection `warehouse` is written out (assets.toml:3:9); "
            'refer to it instead: login = {env = "WAREHOUSE_LOGIN"}'
        ),
    ),
    (
        HEAD + 'host = "db"\npassword = { env = "PW" }\n',
        (
            "E409: `password` of connection `warehouse` is read from the variable PW, which is not set "
            "(assets.toml:3:12); set it: export PW=..."
        ),
    ),
    (
        HEAD + 'host = "db"\npassword = { env = "EMPTY" }\n',
        (
            "E409: `password` of connection `warehouse` is read from the variable EMPTY, which is empty "
            "(assets.toml:3:12); set it: export EMPTY=..."
        ),
    ),
    (
        HEAD + 'host = "db"\npassword = { file = "nowhere" }\n',
        (
            "E409: `password` of connection `warehouse` is read from the file `nowhere`, which cannot be read: "
            "No such file or directory (assets.toml:3:12)"
        ),
    ),
    (
        HEAD + 'host = "db"\npassword = { keyring = "alone" }\n',
        (
            "E409: `password` of connection `warehouse` refers to the keyring entry `alone`, which is not of the form "
            "service/user (assets.toml:3:12)"
        ),
    ),
    (
        HEAD + "port = 1\n",
        (
            "E412: the connection `warehouse` needs a value for `host`; add it under "
            "[tool.assets.connections.warehouse]"
        ),
    ),
    (
        HEAD + 'host = "db"\nprt = 1\n',
        "E412: the connection `warehouse` has no field `prt` (assets.toml:3:1); did you mean `port`?",
    ),
    (
        HEAD + f'host = "db"\nport = "{CANARY}"\n',
        (
            "E412: `port` of connection `warehouse` is wrong: input should be a valid integer, unable to parse string "
            "as an integer (assets.toml:3:8)"
        ),
    ),
    (
        HEAD + 'host = { env = "BAD" }\n',
        "E412: `host` of connection `warehouse` is wrong: value error, no such host *** (assets.toml:2:8)",
    ),
    (
        '[connections.warehous]\nhost = "db"\n',
        "E412: the connection `warehouse` is not configured; did you mean `warehous`?",
    ),
    (
        "",
        (
            "E412: the connection `warehouse` is not configured; add [tool.assets.connections.warehouse] with host, "
            "port, password, login, url"
        ),
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_connection_is_located_without_its_values(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        _resolve(tmp_path, text, {"EMPTY": "", "BAD": f"bad-{CANARY}"})
    assert str(caught.value) == message
    assert caught.value.__cause__ is None


def test_a_connection_without_required_fields_needs_no_table(tmp_path: Path) -> None:
    class Local(Connection):
        path: str = "here"

    (tmp_path / "assets.toml").write_text("")
    settings = project_settings(tmp_path, environ={})
    found = resolve_connection(Local, "local", settings, Redactor(), environ={}, root=tmp_path)
    assert found == Local()
