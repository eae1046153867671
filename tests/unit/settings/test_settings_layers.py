"""flag > variable > environment table > file > default, value by value, each with its origin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from assets_core.errors import ConfigError
from assets_core.settings import Settings, Source, find_config, project_settings, read_settings

FILE = """\
[tool.assets]
module = "shop"
jobs = 2
executor = "processes"

[tool.assets.retry]
max_retries = 3
delay = 1

[tool.assets.config]
data_dir = "data"

[tool.assets.config."staging/flights"]
max_delay = 60

[tool.assets.connections.warehouse]
host = "localhost"
password = { env = "WAREHOUSE_PASSWORD" }

[tool.assets.env.prod]
jobs = 8
retry.delay = 2.5
connections.warehouse.host = "db.internal"
config.data_dir = "/srv/data"
"""


def _settings(
    folder: Path,
    text: str = FILE,
    *,
    environ: Mapping[str, str] | None = None,
    env: str | None = None,
    flags: Mapping[str, object] | None = None,
) -> Settings:
    (folder / "pyproject.toml").write_text(text)
    return project_settings(folder, environ=environ or {}, env=env, flags=flags)


def _origins(settings: Settings) -> dict[str, tuple[object, str]]:
    return {row.name: (row.value, str(row.origin)) for row in settings.rows()}


JOBS: list[tuple[dict[str, object], int, Source]] = [
    ({}, 2, Source.FILE),
    ({"env": "prod"}, 8, Source.ENVIRONMENT),
    ({"environ": {"ASSETS_ENV": "prod"}}, 8, Source.ENVIRONMENT),
    ({"env": "prod", "environ": {"ASSETS_JOBS": "3"}}, 3, Source.VARIABLE),
    ({"env": "prod", "environ": {"ASSETS_JOBS": ""}}, 8, Source.ENVIRONMENT),
    ({"environ": {"ASSETS_JOBS": "3"}, "flags": {"jobs": 4}}, 4, Source.FLAG),
    ({"environ": {"ASSETS_JOBS": "3"}, "flags": {"jobs": None}}, 3, Source.VARIABLE),
]


@pytest.mark.parametrize(("given", "jobs", "source"), JOBS)
def test_the_strongest_source_wins(
    given: dict[str, Mapping[str, str]], jobs: int, source: Source, tmp_path: Path
) -> None:
    settings = _settings(tmp_path, **given)  # type: ignore[arg-type]
    assert settings.jobs == jobs
    assert settings.origins[("jobs",)].source is source


def test_what_nobody_gave_has_its_default(tmp_path: Path) -> None:
    settings = _settings(tmp_path, "[tool.assets]")
    assert settings.env == "default"
    assert settings.home == tmp_path / ".assets"
    assert settings.store == f"sqlite:///{tmp_path}/.assets/state.sqlite"
    assert settings.data == tmp_path / ".assets" / "data"
    assert (settings.executor, settings.jobs, settings.materializer) == ("processes", None, None)
    assert settings.retry == {}
    assert all(str(row.origin) == "default" for row in settings.rows())


def test_tables_are_layered_value_by_value(tmp_path: Path) -> None:
    settings = _settings(tmp_path, env="prod", environ={"ASSETS_RETRY__JITTER": "0.2"})
    assert settings.retry == {"max_retries": 3, "delay": 2.5, "jitter": 0.2}
    warehouse = settings.connection("warehouse")
    assert warehouse["host"].value == "db.internal"
    assert warehouse["password"].value == {"env": "WAREHOUSE_PASSWORD"}


def test_every_value_knows_where_it_was_given(tmp_path: Path) -> None:
    environ = {
        "ASSETS_EXECUTOR": "inline",
        "ASSETS_CONNECTIONS__WAREHOUSE__USER": "canary",
        "ASSETS_CONFIG__DATA_DIR": "/mnt",
    }
    settings = _settings(tmp_path, env="prod", environ=environ, flags={"jobs": 4})
    assert _origins(settings) == {
        "env": ("prod", "--env"),
        "module": (["shop"], "pyproject.toml:2"),
        "home": (f"{tmp_path}/.assets", "default"),
        "store": (f"sqlite:///{tmp_path}/.assets/state.sqlite", "default"),
        "data": (f"{tmp_path}/.assets/data", "default"),
        "executor": ("inline", "ASSETS_EXECUTOR"),
        "jobs": (4, "--jobs"),
        "fingerprint_packages": ([], "default"),
        "materializer": (None, "default"),
        "timeout": (None, "default"),
        "grace": (10.0, "default"),
        "lease": (30.0, "default"),
        "on_conflict": ("wait", "default"),
        "run_retries": (0, "default"),
        "retry.max_retries": (3, "pyproject.toml:7"),
        "retry.delay": (2.5, "pyproject.toml:22 [tool.assets.env.prod]"),
        "config.DATA_DIR": ("/mnt", "ASSETS_CONFIG__DATA_DIR"),
        "config.data_dir": ("/srv/data", "pyproject.toml:24 [tool.assets.env.prod]"),
        'config."staging/flights".max_delay': (60, "pyproject.toml:14"),
        "connections.warehouse.host": ("db.internal", "pyproject.toml:23 [tool.assets.env.prod]"),
        "connections.warehouse.password": ({"env": "WAREHOUSE_PASSWORD"}, "pyproject.toml:18"),
        "connections.warehouse.user": ("***", "ASSETS_CONNECTIONS__WAREHOUSE__USER"),
    }


def test_rows_show_no_password_of_an_address(tmp_path: Path) -> None:
    url = "postgresql+psycopg://me:canary-1@db/assets"
    settings = _settings(tmp_path, environ={"ASSETS_STORE": url})
    assert settings.store == url
    assert _origins(settings)["store"] == ("postgresql+psycopg://me:***@db/assets", "ASSETS_STORE")


def test_relative_paths_are_below_the_root_wherever_the_command_runs(tmp_path: Path) -> None:
    environ = {"ASSETS_HOME": "state", "ASSETS_STORE": "sqlite:///my.db", "ASSETS_DATA": "out"}
    settings = _settings(tmp_path, environ=environ)
    assert settings.home == tmp_path / "state"
    assert settings.store == f"sqlite:///{tmp_path}/my.db"
    assert settings.data == tmp_path / "out"
    assert (
        _settings(tmp_path, environ={"ASSETS_STORE": "sqlite:////abs.db"}).store
        == "sqlite:////abs.db"
    )
    assert _settings(tmp_path, environ={"ASSETS_HOME": "/elsewhere"}).data == Path(
        "/elsewhere/data"
    )


def test_config_is_looked_up_by_source_first_and_then_by_asset(tmp_path: Path) -> None:
    fields = ["data_dir", "max_delay", "unset"]
    plain = _settings(tmp_path)
    assert {n: g.value for n, g in plain.config_for("staging/flights", fields).items()} == {
        "data_dir": "data",
        "max_delay": 60,
    }
    assert {n: g.value for n, g in plain.config_for("other", fields).items()} == {
        "data_dir": "data"
    }
    environ = {
        "ASSETS_CONFIG__DATA_DIR": "/mnt",
        "ASSETS_CONFIG__STAGING_FLIGHTS__MAX_DELAY": "5",
        "ASSETS_CONFIG__MAX_DELAY": "7",
    }
    strong = _settings(tmp_path, environ=environ, env="prod")
    flights, other = (strong.config_for(key, fields) for key in ("staging/flights", "other"))
    assert (flights["data_dir"].value, flights["max_delay"].value) == ("/mnt", "5")
    assert other["max_delay"].value == "7"


def test_lists_in_variables_are_separated_by_commas(tmp_path: Path) -> None:
    environ = {"ASSETS_MODULE": "shop, more", "ASSETS_FINGERPRINT_PACKAGES": "numpy"}
    settings = _settings(tmp_path, environ=environ)
    assert settings.module == ("shop", "more")
    assert settings.fingerprint_packages == ("numpy",)


def test_materializer_options_come_from_files_and_variables(tmp_path: Path) -> None:
    text = '[tool.assets]\nmaterializer = "parquet"\nmaterializer_options.parquet.compression = "zstd"\n'
    environ = {"ASSETS_MATERIALIZER_OPTIONS__PARQUET__LEVEL": "9"}
    settings = _settings(tmp_path, text, environ=environ)
    assert settings.materializer == "parquet"
    assert settings.materializer_options == {"parquet": {"compression": "zstd", "level": 9}}


def test_unknown_variables_are_noted_for_doctor(tmp_path: Path) -> None:
    environ = {
        "ASSETS_JOB": "2",
        "ASSETS_RETRY__DELAYS": "1",
        "ASSETS_": "x",
        "ASSETS_ZZZ": "1",
        "OTHER": "y",
    }
    assert _settings(tmp_path, environ=environ).unknown_variables == (
        ("ASSETS_", None),
        ("ASSETS_JOB", "ASSETS_JOBS"),
        ("ASSETS_RETRY__DELAYS", "ASSETS_RETRY__DELAY"),
        ("ASSETS_ZZZ", None),
    )


WRONG = [
    (
        "[tool.assets]\nmodul = 'shop'\n",
        "E404: `modul` is not a setting (pyproject.toml:2:1); did you mean `module`?",
    ),
    (
        "[tool.assets]\nzzz = 1\n",
        (
            "E404: `zzz` is not a setting (pyproject.toml:2:1); the keys here are config, connections, data, env, "
            "executor, fingerprint_packages, gc, grace, home, jobs, lease, materializer, materializer_options, module, "
            "on_conflict, pool, pools, rate_limits, retry, run_retries, store, timeout"
        ),
    ),
    (
        "[tool.assets.retry]\nmax_retry = 1\n",
        (
            "E404: `max_retry` is not a setting in [tool.assets.retry] (pyproject.toml:2:1); "
            "did you mean `max_retries`?"
        ),
    ),
    (
        "[tool.assets]\n[tool.assets.env.prod]\nretry = { delays = 1 }\n",
        (
            "E404: `delays` is not a setting in [tool.assets.env.prod.retry] (pyproject.toml:3:11); "
            "did you mean `delay`?"
        ),
    ),
    (
        "[tool.assets]\njobs = 'four'\n",
        'E405: `jobs` must be a whole number of 1 or more, not "four" (pyproject.toml:2:8)',
    ),
    (
        "[tool.assets]\njobs = true\n",
        "E405: `jobs` must be a whole number of 1 or more, not true (pyproject.toml:2:8)",
    ),
    (
        "[tool.assets]\nmodule = [\n  'a',\n  1,\n]\n",
        "E405: `module` must be a text or a list of texts, not ['a', 1] (pyproject.toml:2:10)",
    ),
    (
        "[tool.assets.retry]\ndelay = -1\n",
        "E405: `retry.delay` must be a number of 0 or more, not -1 (pyproject.toml:2:9)",
    ),
    ("[tool.assets]\nretry = 3\n", "E405: `retry` must be a table (pyproject.toml:2:9)"),
    (
        "[tool.assets]\nconnections.db = 'x'\n",
        "E405: `connections.db` must be a table (pyproject.toml:2:18)",
    ),
    (
        "[tool.assets]\nenv = 'prod'\n",
        (
            "E405: `env` must be a table of tables (pyproject.toml:2:7); "
            "write a table per environment: [tool.assets.env.prod]"
        ),
    ),
    (
        "[tool.assets.env.Prod]\n",
        (
            "E406: `Prod` is not a name for an environment (pyproject.toml:1:18); "
            "use lower-case letters, digits and `-`, at most 64"
        ),
    ),
    (
        "[tool.assets]\ndata = 's3://bucket/x'\n",
        "E405: `data` must be a folder, not the address `s3://bucket/x` (pyproject.toml:2:8)",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_setting_is_located(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _settings(tmp_path, text)
    assert str(caught.value) == message
    assert caught.value.exit_code == 2


def test_the_other_files_table_in_assets_toml_is_explained(tmp_path: Path) -> None:
    (tmp_path / "assets.toml").write_text("[tool.assets]\njobs = 1\n")
    with pytest.raises(ConfigError) as caught:
        read_settings(find_config(tmp_path), environ={})
    assert str(caught.value) == (
        "E404: `tool` is not a setting (assets.toml:1:2); "
        "in `assets.toml` the settings stand at the top, without [tool.assets]"
    )


OUTSIDE = [
    (
        {"environ": {"ASSETS_JOBS": "0"}},
        "E405: `jobs` (ASSETS_JOBS) must be a whole number of 1 or more, not 0",
    ),
    (
        {"environ": {"ASSETS_JOBS": "x"}},
        'E405: `jobs` (ASSETS_JOBS) must be a whole number of 1 or more, not "x"',
    ),
    ({"flags": {"jobs": 0}}, "E405: `jobs` (--jobs) must be a whole number of 1 or more, not 0"),
    (
        {"env": "../x"},
        (
            "E406: `../x` is not a name for an environment (--env); "
            "use lower-case letters, digits and `-`, at most 64"
        ),
    ),
]


@pytest.mark.parametrize(("given", "message"), OUTSIDE)
def test_a_wrong_flag_or_variable_is_named(
    given: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        _settings(tmp_path, **given)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_reading_settings_loads_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(FILE)
    script = (
        "import sys, os; from pathlib import Path; from assets_core.settings import project_settings;"
        "project_settings(Path.cwd(), environ=os.environ).rows();"
        "print([m for m in ('pydantic', 'numpy', 'pandas', 'sqlalchemy', 'typer') if m in sys.modules])"
    )
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-c", script]
    done = subprocess.run(
        argv, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
