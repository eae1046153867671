"""Config classes: where values come from, what is wrong with them, and their canonical form."""

from __future__ import annotations

import enum
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr

from assets_core.declare.config import Config, check_config, config_values, resolve_config
from assets_core.errors import AssetsError, ConfigError, DefinitionError, UsageError
from assets_core.model.keys import AssetKey
from assets_core.settings import Settings, parse_overrides, project_settings

FLIGHTS, DELAYS = AssetKey("staging/flights"), AssetKey("delays")


class Cleaning(Config):
    max_delay: int = 1_000
    data_dir: Path = Path("data")
    carriers: list[str] = Field(default_factory=list)
    since: date | None = None


class Needy(Config):
    needed: float = Field(gt=0)


def _settings(folder: Path, text: str = "", environ: Mapping[str, str] | None = None) -> Settings:
    (folder / "assets.toml").write_text(text)
    return project_settings(folder, environ=environ or {})


def test_values_come_from_the_strongest_source(tmp_path: Path) -> None:
    text = """
        [config]
        data_dir = "/srv"
        max_delay = 5
        [config."staging/flights"]
        max_delay = 60
        since = 2013-01-01
    """
    settings = _settings(tmp_path, text, {"ASSETS_CONFIG__CARRIERS": "UA, DL"})
    assert resolve_config(Cleaning, FLIGHTS, settings, {}) == Cleaning(
        max_delay=60, data_dir=Path("/srv"), carriers=["UA", "DL"], since=date(2013, 1, 1)
    )
    assert resolve_config(Cleaning, DELAYS, settings, {}).max_delay == 5
    overrides = parse_overrides(["staging/flights.max_delay=7", 'staging/flights.carriers=["AA"]'])
    changed = resolve_config(Cleaning, FLIGHTS, settings, overrides)
    assert (changed.max_delay, changed.carriers) == (7, ["AA"])
    assert resolve_config(Cleaning, DELAYS, settings, overrides).max_delay == 5


def test_a_config_cannot_be_changed_and_takes_no_other_field() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Cleaning().max_delay = 1  # type: ignore[misc]
    with pytest.raises(ValueError, match="extra"):
        Cleaning(other=1)  # type: ignore[call-arg]


WRONG = [
    (
        '[config."staging/flights"]\nmax_delay = "soon"\n',
        {},
        [],
        (
            "E408: `max_delay` of asset `staging/flights` is wrong: input should be a valid integer, "
            "unable to parse string as an integer (assets.toml:2:13)"
        ),
    ),
    (
        "",
        {"ASSETS_CONFIG__MAX_DELAY": "soon"},
        [],
        (
            "E408: `max_delay` of asset `staging/flights` (ASSETS_CONFIG__MAX_DELAY) is wrong: "
            "input should be a valid integer, unable to parse string as an integer"
        ),
    ),
    (
        "[config]\nmax_delay = 1",
        {},
        ["staging/flights.max_delay=soon"],
        (
            "E408: `--config staging/flights.max_delay=soon` is wrong: "
            "input should be a valid integer, unable to parse string as an integer"
        ),
    ),
]


@pytest.mark.parametrize(("text", "environ", "overrides", "message"), WRONG)
def test_a_wrong_value_is_located(
    text: str, environ: dict[str, str], overrides: list[str], message: str, tmp_path: Path
) -> None:
    settings = _settings(tmp_path, text, environ)
    with pytest.raises(ConfigError) as caught:
        resolve_config(Cleaning, FLIGHTS, settings, parse_overrides(overrides))
    assert str(caught.value) == message


def test_a_missing_value_says_where_to_give_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_config(Needy, DELAYS, _settings(tmp_path), {})
    assert str(caught.value) == (
        "E408: asset `delays` needs a value for `needed`; "
        'set it under [tool.assets.config."delays"], or with --config delays.needed=VALUE'
    )


UNTAKEN = [
    (
        "[config]\nmax_dely = 1\n",
        [],
        "E408: no Config class has a field `max_dely` (assets.toml:2:1); did you mean `max_delay`?",
    ),
    (
        '[config."staging/flight"]\nmax_delay = 1\n',
        [],
        "E408: there is no asset `staging/flight` (assets.toml:2:1); did you mean `staging/flights`?",
    ),
    (
        '[config."staging/flights"]\nmax_dely = 1\n',
        [],
        (
            "E408: the Config of asset `staging/flights` has no field `max_dely` (assets.toml:2:1); "
            "did you mean `max_delay`?"
        ),
    ),
    ("config.delays.x = 1\n", [], "E408: asset `delays` takes no Config (assets.toml:1:15)"),
    (
        "",
        ["staging/flights.max_dely=1"],
        (
            "E407: `--config staging/flights.max_dely`: the Config of asset `staging/flights` has no field "
            "`max_dely`; did you mean `max_delay`?"
        ),
    ),
    ("", ["nowhere.x=1"], "E407: `--config nowhere.x`: there is no asset `nowhere`"),
]


@pytest.mark.parametrize(("text", "overrides", "message"), UNTAKEN)
def test_values_that_no_asset_takes_are_typos(
    text: str, overrides: list[str], message: str, tmp_path: Path
) -> None:
    settings = _settings(tmp_path, text)
    with pytest.raises(AssetsError) as caught:
        check_config({FLIGHTS: [Cleaning], DELAYS: []}, settings, parse_overrides(overrides))
    assert str(caught.value) == message
    assert caught.value.exit_code == 2


def test_values_that_some_asset_takes_pass(tmp_path: Path) -> None:
    text = '[config]\nmax_delay = 1\n"staging/flights".needed = 2\n'
    settings = _settings(tmp_path, text)
    check_config(
        {FLIGHTS: [Cleaning, Needy], DELAYS: []}, settings, {"staging/flights.needed": "3"}
    )


@pytest.mark.parametrize("text", ["x", "x=1", ".y=1", "x.=1", "x.y"])
def test_an_override_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_overrides([text])
    assert str(caught.value) == (
        f"E407: `--config {text}` is not of the form KEY.field=value; "
        "write KEY.field=value, such as --config staging/flights.max_delay=60"
    )


def test_an_override_may_hold_any_text() -> None:
    assert parse_overrides(["a/b.c= x=1 ", "a/b.c=", "d.e=f.g"]) == {"a/b.c": "", "d.e": "f.g"}


def test_a_secret_in_a_config_is_refused_where_it_is_written() -> None:
    with pytest.raises(DefinitionError) as caught:

        class Leaky(Config):
            token: SecretStr | None = None

    error = caught.value
    assert error.message == "`Leaky.token` is a secret, which a Config cannot hold"
    assert error.help == "put it in a Connection, which is never versioned"
    assert error.place is not None
    assert error.place.file == __file__
    assert "class Leaky" in Path(__file__).read_text().splitlines()[error.place.line - 1]


class Colour(enum.Enum):
    RED = "red"


class Inner(BaseModel):
    names: frozenset[str] = frozenset({"b", "a", "c"})


class Rich(Config):
    path: Path = Path("a") / "b"
    day: date = date(2013, 1, 1)
    colour: Colour = Colour.RED
    raw: bytes = b"\x00\xff"
    nan: float = float("nan")
    inner: Inner = Inner()
    by_day: dict[date, tuple[int, ...]] = Field(default_factory=lambda: {date(2013, 1, 1): (1, 2)})


def test_config_values_are_canonical_json() -> None:
    assert config_values(Rich()) == {
        "path": "a/b",
        "day": "2013-01-01",
        "colour": "red",
        "raw": "00ff",
        "nan": {"float": "nan"},
        "inner": {"names": ["a", "b", "c"]},
        "by_day": {"2013-01-01": [1, 2]},
    }


def test_config_values_are_the_same_in_every_process() -> None:
    script = (
        "from assets_core.declare.config import Config, config_values\n"
        "class C(Config):\n"
        "    names: set[str] = {'alpha', 'beta', 'gamma', 'delta'}\n"
        "print(config_values(C()))"
    )
    shown = set()
    for seed in ("1", "2", "3"):
        environ = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": seed}
        argv = [sys.executable, "-c", script]
        shown.add(subprocess.run(argv, env=environ, capture_output=True, check=True).stdout)
    assert shown == {b"{'names': ['alpha', 'beta', 'delta', 'gamma']}\n"}
