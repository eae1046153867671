"""Every verb by name: where it lives, in which panel of ``--help`` it stands, and what it does in one line.

This table is all that ``--help`` and completion read, so neither imports a verb. A verb's module has either ``run`` or,
for verbs with a second word, ``COMMANDS``; it is imported when it is invoked.
"""

from __future__ import annotations

from typing import NamedTuple


class Verb(NamedTuple):
    name: str
    panel: str
    summary: str
    words: tuple[str, ...] = ()
    """The second words, for completion."""

    @property
    def module(self) -> str:
        return f"assets_core.cli.{self.name}"


PANELS = ("Build", "Inspect", "Operate", "Project")

VERBS = (
    Verb("plan", "Build", "Show what is out of date and why; run nothing"),
    Verb("materialize", "Build", "Compute, check and publish what is out of date"),
    Verb("check", "Build", "Evaluate the checks of what exists; compute nothing"),
    Verb("retry", "Build", "Go on with a run that failed or was stopped"),
    Verb("cancel", "Build", "End a run that goes on in another terminal"),
    Verb("ls", "Inspect", "List assets with their status"),
    Verb("show", "Inspect", "Everything about one asset"),
    Verb("why", "Inspect", "Why an asset is stale, or what its value was built from"),
    Verb("partitions", "Inspect", "The partitions of an asset and their state"),
    Verb("lineage", "Inspect", "Draw what is made from what"),
    Verb("runs", "Inspect", "Past and present runs, and their logs", ("ls", "show", "logs")),
    Verb("sql", "Inspect", "Query the current assets with SQL"),
    Verb("verify", "Operate", "Read everything that is stored again, and compare"),
    Verb("gc", "Operate", "Delete the data that nothing refers to any more"),
    Verb("rollback", "Operate", "Go back to an earlier version of an asset"),
    Verb("mv", "Operate", "Keep the history of an asset that was renamed"),
    Verb("wipe", "Operate", "Forget the current versions of an asset"),
    Verb("db", "Operate", "The database that the state is in", ("status", "upgrade", "backup")),
    Verb("init", "Project", "Create a project"),
    Verb("doctor", "Project", "Look for what could be wrong here"),
    Verb("config", "Project", "The settings in effect", ("show",)),
    Verb("explain", "Project", "Explain an error code"),
    Verb("completion", "Project", "Print a completion script for a shell"),
)
BY_NAME = {verb.name: verb for verb in VERBS}
