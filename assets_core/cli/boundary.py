"""Where everything ends: whatever a verb raises becomes one message, one document and one exit code.

0 ok · 1 an asset or blocking check failed · 2 usage, config or definition · 3 plan not empty (asked for) · 4 no match ·
5 conflict or drift · 6 state store · 70 a bug in us · 130, 143 signals.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from typing import Any

from assets_core.cli.session import Session
from assets_core.errors import AssetsError, InternalError, StopNow, UsageError

INTERRUPTED = 130
_FRAMEWORK = f"{os.sep}typer{os.sep}"
"""Frames that lie between ours in every traceback."""


class StoppedBySignal(StopNow):
    """A second signal while stopping: leave at once. No KeyboardInterrupt, which Typer turns into exit code 130."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def run(arguments: Sequence[str]) -> int:
    """Run one command line to its end; never raises."""
    session = Session()
    try:
        return _invoke(session, list(arguments) or ["--help"])
    except AssetsError as error:
        return _report(session, arguments, error)
    except StoppedBySignal as stopped:
        return _stopped(session, arguments, stopped.exit_code)
    except KeyboardInterrupt:
        return _stopped(session, arguments, INTERRUPTED)
    except BrokenPipeError:
        return 0
    except Exception as error:
        usage = _as_usage(error)
        return _report(session, arguments, usage or _as_bug(error))


def _invoke(session: Session, arguments: list[str]) -> int:
    from assets_core.cli.app import root_command

    code: Any = root_command().main(
        arguments, prog_name="assets", standalone_mode=False, obj=session
    )
    return code if isinstance(code, int) else 0


def _report(session: Session, arguments: Sequence[str], error: AssetsError) -> int:
    from assets_core.cli.errors import error_document, error_lines

    if _wants_json(session, arguments):
        session.document(error_document(error))
    else:
        root = session.loaded.root if session.loaded else session.directory
        for line in error_lines(error, root, session.err.width):
            session.err.line(*line)
    if isinstance(error, InternalError) or session.options.verbose:
        _show_traceback(session, error.__cause__ or error)
    return error.exit_code


def _show_traceback(session: Session, error: BaseException) -> None:
    described = traceback.TracebackException.from_exception(error)
    link: traceback.TracebackException | None = described
    while link is not None:
        frames = [frame for frame in link.stack if _FRAMEWORK not in frame.filename]
        link.stack = traceback.StackSummary.from_list(frames)
        link = link.__cause__ or link.__context__
    for line in "".join(described.format()).rstrip().split("\n"):
        session.err.line((line, "dim"))


def _stopped(session: Session, arguments: Sequence[str], code: int) -> int:
    if _wants_json(session, arguments):
        from assets_core.cli.errors import error_document

        session.document(error_document(UsageError("E905", "stopped by a signal")))
    else:
        session.say("stopped")
    return code


def _wants_json(session: Session, arguments: Sequence[str]) -> bool:
    """Also where the arguments could not be parsed."""
    before = list(arguments)
    if "--" in before:
        before = before[: before.index("--")]
    return session.as_json or "--json" in before


def _as_usage(error: Exception) -> UsageError | None:
    """Typer's own complaints about arguments, in our form. Their class moved between its releases: known by shape."""
    describe = getattr(error, "format_message", None)
    if not callable(describe):
        return None
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "assets"
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities"):
        near = ", ".join(f"`{name}`" for name in error.possibilities or ())
        help = f"did you mean {near}?" if near else f"see `{path} --help`"
        return UsageError("E901", f"`{path}` has no option `{option}`", help=help)
    names = getattr(getattr(context, "command", None), "list_commands", None)
    if callable(names) and "missing command" in describe().lower():
        verbs = ", ".join(f"`{path} {name}`" for name in names(context))
        return UsageError("E901", f"`{path}` needs a verb", help=f"one of {verbs}")
    text = " ".join(str(describe()).split()).rstrip(".").replace("'", "`")
    return UsageError("E901", text[:1].lower() + text[1:], help=f"see `{path} --help`")


def _as_bug(error: Exception) -> InternalError:
    bug = InternalError(
        "E700",
        f"a bug in assets-core: {type(error).__name__}: {error}",
        help="please report it with the traceback below",
    )
    bug.__cause__ = error
    return bug
