"""Pools and rate limits in files and variables: what is accepted, and what is said of what is not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from assets_core.errors import ConfigError
from assets_core.settings import Settings, project_settings
from assets_core.settings.concurrency import Rate

FILE = """\
[tool.assets]
module = "shop"

[tool.assets.pools]
duckdb = 1
warehouse = { slots = 4 }

[tool.assets.pools.api]
slots = 2

[tool.assets.rate_limits]
"raw/orders" = "10/minute"
"tag:api=github" = "5000 / hour"

[tool.assets.env.prod.pools]
warehouse = 16
"""


def read(
    folder: Path, text: str = FILE, environ: Mapping[str, str] | None = None, env: str | None = None
) -> Settings:
    (folder / "pyproject.toml").write_text(text)
    return project_settings(folder, environ=environ or {}, env=env)


def test_slots_are_numbers_or_tables_and_rates_are_counts_per_unit(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.pools == {"duckdb": 1, "warehouse": 4, "api": 2}
    assert settings.rate_limits == {
        "raw/orders": Rate(10, "minute"),
        "tag:api=github": Rate(5000, "hour"),
    }
    assert [r.window_s for r in settings.rate_limits.values()] == [60.0, 3600.0]


def test_pools_are_layered_one_by_one(tmp_path: Path) -> None:
    environ = {"ASSETS_POOLS__DUCKDB": "3", "ASSETS_POOLS__MY_POOL": "7", "ASSETS_POOLS__API": ""}
    settings = read(tmp_path, environ=environ, env="prod")
    assert settings.pools == {"duckdb": 3, "warehouse": 16, "api": 2, "my-pool": 7}
    assert not settings.unknown_variables


def test_they_are_shown_with_where_they_were_given(tmp_path: Path) -> None:
    rows = {r.name: (r.value, str(r.origin)) for r in read(tmp_path, env="prod").rows()}
    assert rows["pools.duckdb"] == (1, "pyproject.toml:5")
    assert rows["pools.warehouse"] == (16, "pyproject.toml:16 [tool.assets.env.prod]")
    assert rows["pools.api"] == (2, "pyproject.toml:8")
    assert rows['rate_limits."raw/orders"'] == ("10/minute", "pyproject.toml:12")
    assert rows['rate_limits."tag:api=github"'] == ("5000/hour", "pyproject.toml:13")


SLOTS = "must be a number of slots from 1, or {slots = 2}, not"
RATE = 'must be a rate such as "10/minute" (or second, hour), not'
WRONG = [
    ("[tool.assets.pools]\nduckdb = 0\n", f"E405: `pools.duckdb` {SLOTS} 0 (pyproject.toml:2:10)"),
    ("[tool.assets.pools]\na = true\n", f"E405: `pools.a` {SLOTS} true (pyproject.toml:2:5)"),
    ("[tool.assets.pools]\na = {slot = 1}\n", f"E405: `pools.a` {SLOTS} {{'slot': 1}} (pyproject.toml:2:5)"),
    (
        '[tool.assets.pools]\n"Duck DB" = 1\n',
        (
            "E405: `Duck DB` is not a name for a pool (pyproject.toml:2:1); "
            "use lower-case letters, digits and `-`, at most 64"
        ),
    ),
    ("[tool.assets]\npools = 3\n", "E405: `pools` must be a table (pyproject.toml:2:9)"),
    ('[tool.assets.rate_limits]\na = "0/minute"\n', f'E405: `rate_limits.a` {RATE} "0/minute" (pyproject.toml:2:5)'),
    ('[tool.assets.rate_limits]\na = "3/day"\n', f'E405: `rate_limits.a` {RATE} "3/day" (pyproject.toml:2:5)'),
    ("[tool.assets.rate_limits]\na = 3\n", f"E405: `rate_limits.a` {RATE} 3 (pyproject.toml:2:5)"),
    ("[tool.assets]\npol = {}\n", "E404: `pol` is not a setting (pyproject.toml:2:1); did you mean `pool`?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_one_is_located(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == message


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    for name, text in (("WAREHOUSE", "many"), ("WAREHOUSE", "0"), ("W!", "1")):
        with pytest.raises(ConfigError, match="E405"):
            read(tmp_path, environ={f"ASSETS_POOLS__{name}": text})
