"""``run_retries``: a run that left failures is followed by others, each with what those before it did not record.

They are runs of their own, linked by ``retry_of``. None follows a run that was cancelled or stopped, that found other
code than was planned, or whose failures are all such as the predicates of their assets refuse to try again. The delays
are those of the settings ``retry.delay``, ``retry.backoff`` and ``retry.jitter``.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from assets_core.execution.retries import delay_s
from assets_core.model.assets import Retry
from assets_core.model.events import Event
from assets_core.model.records import RunStatus
from assets_core.project.retrying import retry

if TYPE_CHECKING:
    from assets_core.execution.runner import Runner
    from assets_core.execution.tally import RunResult
    from assets_core.project.facade import Planned, Project
    from assets_core.project.running import RunOptions

_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class RunRetry:
    """Another run is about to follow ``after``, in ``delay_s`` seconds, as number ``number`` of at most ``most``."""

    after: RunResult
    delay_s: float
    number: int
    most: int


def run_with_retries(
    project: Project,
    start: Callable[[RunOptions], RunResult | None],
    options: RunOptions,
    *,
    on_event: Callable[[Event], None],
    planned: Callable[[Planned], None],
    on_retry: Callable[[RunRetry], None] = lambda again: None,
) -> RunResult | None:
    """What ``start`` came to, or the last run that followed it, of as many as the setting ``run_retries`` says."""
    watch = _Watch(options.on_runner)
    options = replace(options, on_runner=watch.see)
    result = start(options)
    settings = project.definitions.settings
    policy = Retry(**settings.retry)
    for number in range(settings.run_retries):
        if result is None or watch.is_stopped or not _is_worth_another(result):
            break
        delay = delay_s(policy, number, random.random())
        on_retry(RunRetry(result, delay, number + 1, settings.run_retries))
        if not _slept(project, delay, watch):
            break
        with project.reading() as reader:
            found = reader.run(result.run)
        assert found is not None
        again = retry(project, found[0], options, on_event=on_event, planned=planned)
        if again is None:  # another run made it meanwhile
            break
        result = again
    return result


@dataclass(slots=True)
class _Watch:
    """Knows the latest runner, so that whoever stops it ends the waiting for another as well."""

    forward: Callable[[Runner], None]
    runners: list[Runner] = field(default_factory=list)

    def see(self, runner: Runner) -> None:
        self.runners.append(runner)
        self.forward(runner)

    @property
    def is_stopped(self) -> bool:
        return any(runner.is_asked_to_stop for runner in self.runners)


def _is_worth_another(result: RunResult) -> bool:
    failed = [s.failure for s in result.steps if s.outcome == "failed" and s.failure is not None]
    retryable = any(failure.retryable for failure in failed)
    return result.status is RunStatus.FAILED and retryable and not result.drifted


def _slept(project: Project, seconds: float, watch: _Watch) -> bool:
    """Whether nobody wanted it to end meanwhile. In slices: a signal's handler does not end a sleep."""
    clock = project.clock
    until = clock.monotonic() + seconds
    while not watch.is_stopped and (left := until - clock.monotonic()) > 0:
        clock.sleep(min(left, _LOOK_S))
    return not watch.is_stopped
