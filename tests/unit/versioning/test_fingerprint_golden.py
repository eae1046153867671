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


def pythons() -> dict[str, str]:
    """This Python, and every other supported one on this machine that has what a fingerprint needs."""
    found = {"this": sys.executable}
    for version in ("3.11", "3.12", "3.13"):
        python = os.environ.get(f"OTHER_PYTHON_{version}") or shutil.which(f"python{version}")
        probe = [python or "", "-c", "import blake3, sqlglot"]
        if python and not subprocess.run(probe, capture_output=True, check=False).returncode:
            found[version] = python
    return found


def test_every_python_on_this_machine_gives_the_same_digests() -> None:
    golden = json.loads((GOLDEN / "digests.json").read_text())
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    for version, python in pythons().items():
        command = [python, __file__, "--print"]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert json.loads(run.stdout) == golden, version


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
