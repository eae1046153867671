"""The inline executor: one call at a time, in this thread, so that ``breakpoint()`` and debuggers work.

A crash of user code that ends the process ends the run as well; G7, G8, G10 and timeouts are promised for processes.
"""

from __future__ import annotations

from concurrent.futures import Future

from assets_core.disk_errors import remedy, what_failed
from assets_core.errors import AssetsError, StepError
from assets_core.execution.capture import Capture, captured_streams
from assets_core.execution.checking import execute_checks
from assets_core.execution.runtime import Runtime
from assets_core.execution.step import execute_step
from assets_core.ports import CheckRequest, Outcome, Request


class InlineExecutor:
    """Runs each request as it is submitted."""

    name = "inline"
    capacity = 1
    token: str | None = None

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def submit(self, request: Request) -> Future[Outcome]:
        """Run it now; the future is done when this returns. KeyboardInterrupt goes to the caller."""
        future: Future[Outcome] = Future()
        try:
            future.set_result(execute(self._runtime, request, captured_streams))
        except AssetsError as error:
            future.set_exception(error)
        return future

    def cancel(self, call: str, grace_s: float) -> None:
        """Nothing is running whenever another thread of control could ask."""

    @property
    def survivors(self) -> tuple[int, ...]:
        """Nothing is killed here."""
        return ()

    def close(self) -> None:
        """Nothing to stop."""


def execute(runtime: Runtime, request: Request, capture: Capture) -> Outcome:
    """Carry out one request in this process; StepError E558 where the system lets it not even begin."""
    try:
        if isinstance(request, CheckRequest):
            return execute_checks(runtime, request, capture)
        return execute_step(runtime, request, capture)
    except OSError as error:
        text = what_failed(error, runtime.root)
        raise StepError(
            "E558",
            f"the call of `{request.key}` could not begin: {text}",
            help=f"{remedy(error, 'see that the folder of the project is there')} and run it again",
        ) from error
