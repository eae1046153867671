"""Golden digests: the normal form is the same on every supported Python, and stays what it is.

A digest that changes here makes every asset of every user stale: ``modules.ALGORITHM`` has to change with it, and the
changelog has to say so. ``golden/digests.json`` is rewritten by running this file as a script.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden"


def digests() -> dict[str, dict[str, str]]:
    """Unit by unit and query by query; units carry their annotations' digest, names and references too."""
    from assets_core.model.versions import digest, digest_json
    from assets_core.versioning.modules import analyse
    from assets_core.versioning.sql import sql_digest

    analysis = analyse((GOLDEN / "syntax.txt").read_bytes())
    units = {f"{index} {unit.name}": digest_json(unit) for index, unit in enumerate(analysis.units)}
    queries = json.loads((GOLDEN / "queries.json").read_text())
    return {
        "units": {**units, "bindings": digest_json(analysis[1:])},
        "queries": {
            name: sql_digest(text, dialect, file=name, line=1)
            for name, (dialect, text) in queries.items()
        },
        "empty": {"digest": digest("")},
    }


def test_the_digests_are_the_golden_ones() -> None:
    assert digests() == json.loads((GOLDEN / "digests.json").read_text())


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_another_python_on_this_machine_gives_the_same_digests(version: str) -> None:
    named = os.environ.get(f"OTHER_PYTHON_{version.replace('.', '_')}")
    python = named or shutil.which(f"python{version}")
    if python is None or f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        pytest.skip(f"no other Python {version} here")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    if subprocess.run(
        [python, "-c", "import blake3, pytest, sqlglot"],
        env=environment,
        capture_output=True,
        check=False,
    ).returncode:
        pytest.skip(f"{python} has no blake3 or sqlglot")
    run = subprocess.run(
        [python, __file__, "--print"], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout) == json.loads((GOLDEN / "digests.json").read_text())


def test_every_node_of_this_python_has_a_shape_that_names_its_fields() -> None:
    import ast

    from assets_core.versioning.normal import SHAPES, UNCOUNTED

    apart = {"decorator_list", "type_params", "type_ignores"}
    for name, fields in SHAPES.items():
        kind = getattr(ast, name, None)
        if kind is not None:
            assert set(kind._fields) - UNCOUNTED - apart <= set(fields), name


if __name__ == "__main__":
    text = json.dumps(digests(), indent=1, ensure_ascii=True) + "\n"
    if "--print" in sys.argv:
        sys.stdout.write(text)
    else:
        (GOLDEN / "digests.json").write_text(text)
