"""What a shell asks at every Tab: ``assets __complete WORD... CURRENT``. One candidate per line.

Only this module, the verb table and the name index are read (and the settings, for where the index lies): no project,
no Typer. A candidate is a whole word; the shell drops those that don't continue what stands there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from assets_core.cli.verb_table import BY_NAME, VERBS

GLOBALS = (
    "-C", "--env", "--json", "-q", "-v", "--color", "--no-progress", "--no-input", "--help",
)  # fmt: skip
_TAKES_VALUE = {"-C", "--env", "--color", "-p", "--partitions", "--out", "--plan", "--select"}
_TAKES_VALUE |= {"-j", "--jobs", "--executor", "--config", "-o", "--output", "--kind", "--status"}
_TAKES_VALUE |= {"--add", "--remove", "--timeout", "--grace", "--on-conflict", "--to"}
_SELECTING = {"plan", "materialize", "check", "ls", "lineage", "verify"}
_ONE_KEY = {"show", "why", "partitions", "rollback", "wipe"}
_OPTIONS = {
    "plan": ("-p", "--exclude", "--select", "--force", "--config", "--out", "--exit-code", "--diff",
             "--full"),
    "materialize": ("-p", "--exclude", "--select", "--force", "--plan", "-j", "--executor", "-x",
                    "--timeout", "--on-conflict", "--config", "--jsonl"),
    "check": ("-p", "--exclude", "--select", "-j", "--executor"),
    "ls": ("--exclude", "--select", "--kind"),
    "partitions": ("--status", "--add", "--remove", "--force"),
    "lineage": ("--exclude", "--select", "-o"),
    "retry": ("-j", "--executor", "-x", "--jsonl"),
    "cancel": ("--grace",),
    "init": ("--template",),
    "config": ("--origin",),
    "sql": ("-o",),
    "runs": ("-f",),
    "verify": ("-p", "--exclude", "--select", "--all", "-j"),
    "gc": ("--dry-run", "-y"),
    "rollback": ("-p", "--to", "--clear", "--dry-run", "-y"),
    "wipe": ("-p", "-y"),
}  # fmt: skip
_METHODS = ("tag", "group", "owner", "kind", "check")
_STATUSES = ("current", "stale", "maybe", "missing", "failed", "blocked", "held", "running")
_VALUES = {
    "--color": ("auto", "always", "never"),
    "--template": ("quickstart", "blank"),
    "--executor": ("inline", "processes"),
    "--on-conflict": ("wait", "join", "fail"),
    "--status": _STATUSES,
}


def complete(words: Sequence[str]) -> int:
    """Print the candidates for the last of ``words``, the others being what stands before it."""
    *before, current = words or ("",)
    found = sorted({text for text in _candidates(before, current) if text.startswith(current)})
    sys.stdout.write("".join(f"{text}\n" for text in found))
    return 0


def _candidates(before: Sequence[str], current: str) -> Iterator[str]:
    previous = before[-1] if before else ""
    verb, following = _verb(before)
    if previous in _TAKES_VALUE | _VALUES.keys():
        yield from _values(verb, previous)
    elif current.startswith("-"):
        yield from (*GLOBALS, *_OPTIONS.get(verb, ()))
    elif not verb:
        yield from (entry.name for entry in VERBS)
    elif BY_NAME[verb].words:
        yield from (BY_NAME[verb].words if not following else ())
    elif verb in _SELECTING | _ONE_KEY:
        yield from _names(before, current, methods=verb in _SELECTING)
    elif verb == "completion":
        yield from ("bash", "zsh", "fish")


def _values(verb: str, option: str) -> Sequence[str]:
    if option == "-o":
        return (
            ("tree", "mermaid", "dot", "json")
            if verb == "lineage"
            else ("table", "csv", "json", "parquet")
        )
    return _VALUES.get(option, ())


def _verb(before: Sequence[str]) -> tuple[str, list[str]]:
    """The verb among the words, and the words after it that are no options."""
    plain: list[str] = []
    skip = False
    for word in before:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in _TAKES_VALUE
        else:
            plain.append(word)
    return (plain[0], plain[1:]) if plain and plain[0] in BY_NAME else ("", [])


def _names(before: Sequence[str], current: str, *, methods: bool) -> Iterator[str]:
    from assets_core.cli.name_index import read_index

    names = read_index(_home(before))
    prefix = current[: len(current) - len(current.lstrip("+@0123456789"))] if methods else ""
    yield from (prefix + key for key in names.get("keys", ()))
    if not methods:
        return
    yield from (f"{prefix}{m}:" for m in (*_METHODS, "status", "path") if ":" not in current)
    if ":" in current:
        for method in _METHODS:
            yield from (f"{prefix}{method}:{value}" for value in names.get(method, ()))
        yield from (f"status:{status}" for status in _STATUSES)


def _home(before: Sequence[str]) -> Path:
    """The state directory of the project that the command line means, read as the settings read it."""
    from assets_core.errors import AssetsError
    from assets_core.settings import project_settings

    start = Path.cwd()
    if "-C" in before[:-1]:
        start = Path(before[before.index("-C") + 1])
    try:
        return project_settings(start, environ=os.environ).home
    except (AssetsError, OSError):
        return Path(os.devnull)
