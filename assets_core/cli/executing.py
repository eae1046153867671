"""Running something and showing it: what ``materialize``, ``retry`` and ``check`` have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeAlias

from assets_core.cli.event_lines import event_document
from assets_core.cli.failures_text import Failures
from assets_core.cli.progress import Progress, progress_for
from assets_core.cli.session import Session
from assets_core.cli.stopping import stoppable
from assets_core.cli.summary_text import nothing_to_do, summary

if TYPE_CHECKING:
    from assets_core.execution.runner import Runner
    from assets_core.execution.tally import RunResult
    from assets_core.model.events import Event
    from assets_core.model.plans import Plan
    from assets_core.project import Planned

FAILED = 1

OnPlan: TypeAlias = "Callable[[Planned], None]"
OnEvent: TypeAlias = "Callable[[Event], None]"
OnRunner: TypeAlias = "Callable[[Runner], None]"
Start: TypeAlias = "Callable[[OnPlan, OnEvent, OnRunner], RunResult | None]"
"""Starts the run with who is told of the plan, the events and the runner; None where there was nothing to do."""


class Execution:
    """One run as it is shown: the display is chosen when the plan is known."""

    def __init__(self, session: Session, *, inline: bool, jsonl: bool) -> None:
        self.session = session
        self.inline = inline
        self.jsonl = jsonl
        self.failures = Failures()
        self.plan: Plan | None = None
        self._progress: Progress | None = None
        self._stack = ExitStack()

    def planned(self, planned: Planned) -> None:
        """The plan is made and about to be run."""
        self.plan = planned.plan
        if not planned.plan.is_empty:
            progress = progress_for(self.session, planned.plan, inline=self.inline)
            self._progress = self._stack.enter_context(progress)

    def see(self, event: Event) -> None:
        """Something happened."""
        self.failures.see(event)
        if self._progress is not None:
            self._progress.see(event)
        if self.jsonl:
            import json

            document = event_document(event)
            self.session.out.write(json.dumps(self.session.redacted(document)) + "\n")

    def run(self, start: Start) -> int:
        """Carry it out; the exit code."""
        with stoppable(quiet=bool(self.session.options.quiet)) as stopper, self._stack:
            result = start(self.planned, self.see, stopper.attach)
        if result is None:
            return self._nothing()
        self._tell(result)
        return stopper.exit_code or (0 if result.ok else FAILED)

    def _nothing(self) -> int:
        assert self.plan is not None
        if self.session.as_json:
            from assets_core.observe.documents import nothing_document

            self.session.document(nothing_document(self.plan))
        elif not self.jsonl:
            self.session.out.line(nothing_to_do(self.plan.current))
        return 0

    def _tell(self, result: RunResult) -> None:
        if not self.session.options.quiet:
            for line in self.failures.lines():
                self.session.err.line(*line)
        if self.session.as_json:
            from assets_core.observe.documents import run_document

            self.session.document(run_document(result))
        elif self.jsonl:
            self.session.say(*summary(result))
        else:
            self.session.out.line(*summary(result))
