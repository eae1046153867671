"""What a verb has in hand: the global options, two screens, and the project once it is loaded."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets_core.cli.global_options import GlobalOptions
from assets_core.cli.screen import Piece, Screen
from assets_core.errors import UsageError

if TYPE_CHECKING:
    import typer

    from assets_core.declare.secrets import Redactor
    from assets_core.project import Project

COLORS = ("auto", "always", "never")


class Session:
    """One invocation. stdout carries the result, stderr everything else."""

    def __init__(self) -> None:
        self.options = GlobalOptions()
        self.started = time.monotonic()
        self.loaded: Project | None = None
        self.redactor: Redactor | None = None

    def check(self) -> None:
        """Refuse global options that mean nothing; called before the verb."""
        if self.options.color not in (None, *COLORS):
            raise UsageError(
                "E903",
                f"`--color {self.options.color}` is none of {', '.join(COLORS)}",
                help="write --color never",
            )
        if self.options.directory is not None and not Path(self.options.directory).is_dir():
            raise UsageError(
                "E904", f"there is no folder `{self.options.directory}`", help="see -C"
            )
        if self.options.no_input:
            _close_input()

    @cached_property
    def out(self) -> Screen:
        """The result."""
        return Screen(sys.stdout, self.options.color or "auto")

    @cached_property
    def err(self) -> Screen:
        """Progress and messages."""
        return Screen(sys.stderr, self.options.color or "auto")

    @property
    def as_json(self) -> bool:
        """Whether the result is one JSON document."""
        return bool(self.options.json)

    @property
    def directory(self) -> Path:
        """Where to look for the project."""
        return Path(self.options.directory) if self.options.directory else Path.cwd()

    def project(
        self, *, overrides: Sequence[str] = (), flags: Mapping[str, object] | None = None
    ) -> Project:
        """The project here, loaded; whoever loads it also refreshes the names that completion offers."""
        from assets_core.cli.collection import collect_as_usual
        from assets_core.cli.name_index import write_index
        from assets_core.declare.secrets import Redactor
        from assets_core.project import Project

        self.redactor = Redactor()
        self.out.redact = self.err.redact = self.redactor.redact
        project = Project.load(
            self.directory,
            env=self.options.env,
            overrides=overrides,
            flags=flags,
            redactor=self.redactor,
        )
        collect_as_usual()
        self.loaded = project
        write_index(project.definitions.settings.home, project.graph)
        return project

    def use_env(self, env: str) -> None:
        """The environment that a saved plan or a run belongs to; another one on the command line is an error."""
        if self.options.env not in (None, env):
            summary = f"`--env {self.options.env}` was given, but this belongs to `{env}`"
            raise UsageError("E908", summary, help="leave out --env")
        self.options = self.options.merged({"env": env})

    def say(self, *pieces: Piece) -> None:
        """A message for people, not said with ``-q``."""
        if not self.options.quiet:
            self.err.line(*pieces)

    def document(self, document: Mapping[str, Any]) -> None:
        """Print the one JSON document. Escaped to ASCII, so no terminal and no encoding can spoil it."""
        indent = 2 if self.out.is_tty else None
        self.out.write(json.dumps(self.redacted(document), indent=indent, allow_nan=False) + "\n")

    def redacted(self, document: Mapping[str, Any]) -> Any:
        """A document without the project's secrets, as far as they are known yet."""
        return document if self.redactor is None else self.redactor.redact_json(document)


def session_of(ctx: typer.Context) -> Session:
    """The session of a verb that was invoked."""
    session = ctx.obj
    assert isinstance(session, Session)
    return session


def _close_input() -> None:
    """Nothing that runs from here on can wait for a person."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.environ["PYTHONBREAKPOINT"] = "0"
