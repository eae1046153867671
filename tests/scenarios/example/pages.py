"""Documentation pages that are executed: their commands run and print what the page says, their diffs are applied.

A ``console`` block holds commands after ``$`` with what they print, and ``[exit N]`` where a command fails. Lines may
come in any order, because assets run in parallel; ``...`` stands for more of them. A ``diff`` block names a file in its
first line, and stands for one edit of it. Another block whose first line is a comment with a path is that file.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.warm_process import run_warm

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(?:#|--) ([\w/]+\.\w+)\n")
_VARYING = (
    (re.compile(r" +(about|at least) [\d.ms h]+$"), ""),
    (re.compile(r"\b\d+(\.\d+)?(ms|s|m)\b( \d+s)?"), "SECONDS"),
    (re.compile(r"at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "at TIME"),
    (re.compile(r"code [0-9a-f]{6,}"), "code VERSION"),
)


@dataclass
class Reader:
    """Somebody who follows a page to the letter, beginning in ``folder``."""

    folder: Path
    commands: list[str] = field(default_factory=list)
    """What was run so far."""
    environ: dict[str, str] = field(default_factory=dict)
    warm: bool = True
    """Whether ``assets`` comes from a process that has loaded it, or is started as the installed script."""

    def follow(self, page: Path) -> None:
        """Do everything that the page says, comparing what is printed."""
        for kind, text in _BLOCK.findall(page.read_text()):
            if kind == "diff":
                self._edit(text)
            elif kind == "console":
                for command, expected in _commands(text):
                    self._run(command, expected)
            elif named := _FILE.match(text):
                path = self.folder / named[1]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text[named.end() :])

    def _run(self, command: str, expected: list[str]) -> None:
        name, *arguments = shlex.split(command)
        self.commands.append(command)
        if name == "cd":
            self.folder = (self.folder / arguments[0]).resolve()
            return
        if name == "export":
            for name, _, value in (argument.partition("=") for argument in arguments):
                self.environ[name] = value
            return
        code, text = self._done(name, arguments)
        printed = text.splitlines()
        if code:
            printed.append(f"[exit {code}]")
        if "..." in expected:
            printed = [line for line in printed if line in expected]
            expected.remove("...")
        assert _plain(printed) == _plain(expected), f"$ {command}\n{text}"

    def _done(self, name: str, arguments: list[str]) -> tuple[int, str]:
        """The exit code of a command, and what it printed: in no order, as everywhere here."""
        env = {**os.environ, "COLUMNS": "120", **self.environ}
        if name == "assets" and self.warm:
            code, out, err = run_warm(arguments, self.folder, env, timeout_s=300)
            return code, (out + err).decode()
        argv = [Path(sys.executable).with_name(name), *arguments]
        both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(argv, cwd=self.folder, env=env, text=True, check=False, **both)
        return done.returncode, done.stdout

    def _edit(self, text: str) -> None:
        first, *lines = text.splitlines()
        path = self.folder / first.removeprefix("--- ")
        before = "\n".join(line[1:] for line in lines if line[0] in " -")
        after = "\n".join(line[1:] for line in lines if line[0] in " +")
        content = path.read_text()
        assert content.count(before) == 1, f"{before!r} in {path}"
        path.write_text(content.replace(before, after))


def _commands(text: str) -> Iterator[tuple[str, list[str]]]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *output = part.splitlines()
        yield command, output


def _plain(lines: list[str]) -> list[str]:
    """Lines without what differs from run to run, in an order of their own; so are the words of each."""
    for pattern, replacement in _VARYING:
        lines = [pattern.sub(replacement, line) for line in lines]
    return sorted(" ".join(sorted(line.replace(",", " ").split())) for line in lines)
