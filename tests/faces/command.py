"""Running the real command in a process of its own, and what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from assets_core.schemas import schema
from tests.warm_process import run_warm

ASSETS = Path(sys.executable).parent / "assets"


def environment(**extra: str) -> dict[str, str]:
    """A clean one: nothing of the developer's terminal reaches a test."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH")
        if name in os.environ
    }
    return {**kept, "LANG": "C.UTF-8", "COLUMNS": "120", **extra}


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout, valid against its schema."""
        document = json.loads(self.out)
        Draft202012Validator(schema(document["schema"])).validate(document)
        assert isinstance(document, dict)
        return document


@dataclass(frozen=True)
class Command:
    """``assets`` in one folder."""

    folder: Path

    def __call__(self, *arguments: str, **env: str) -> Done:
        """Run it; where the environment says something of Python or the locale, the installed script is started."""
        if not all(name.startswith(("ASSETS_", "SHOP_", "COLUMNS", "LINES")) for name in env):
            return self.start(*arguments, **env)
        done = run_warm(arguments, self.folder, environment(**env), timeout_s=120)
        return Done(done[0], done[1].decode(), done[2].decode())

    def start(self, *arguments: str, **env: str) -> Done:
        """Run the installed script, from the start of Python on."""
        done = subprocess.run(
            [str(ASSETS), *arguments],
            cwd=self.folder,
            env=environment(**env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
            encoding="utf-8",
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def json(self, *arguments: str, **env: str) -> dict[str, Any]:
        """The document of a command that succeeds."""
        done = self(*arguments, "--json", **env)
        assert done.code == 0, done.err
        return done.document

    def write(self, **files: str) -> None:
        """Write modules of the project: ``orders="..."`` is ``shop/orders.py``."""
        for name, text in files.items():
            (self.folder / "shop" / f"{name}.py").write_text(text)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text that has to be there."""
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
