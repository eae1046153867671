"""Many verbs in a row, in this process: the command's own entry point, without starting an interpreter for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from assets_core.cli.boundary import run
from tests.faces.command import Done


@dataclass(frozen=True)
class Verbs:
    """``assets -C folder``, with what it wrote to the two descriptors."""

    folder: Path
    streams: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Done:
        self.streams.readouterr()
        code = run(["-C", str(self.folder), *arguments])
        out, err = self.streams.readouterr()
        return Done(code, out, err)
