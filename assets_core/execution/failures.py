"""From an exception in user code to plain data: the user's own frames, ours folded to one line.

What is kept was redacted: a connection's password in a message or a source line never reaches a record.
"""

from __future__ import annotations

import contextlib
import os
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path

from assets_core.errors import AssetsError, ConflictError, CorruptionError, StopNow
from assets_core.model.assets import Retry
from assets_core.model.records import Failure

MAX_MESSAGE = 10_000
"""Characters that are kept of an exception's message."""
MAX_FRAMES = 60
"""Frames that are kept of a traceback: the outer and the inner half."""
_OURS = (
    *(
        str(Path(__file__).resolve().parents[2] / name)
        for name in ("assets_core", "materializers", "checks", "integrations")
    ),
    contextlib.__file__,  # passes on what is raised inside, whoever's it is
)
_INSTALLED = ("<frozen ", *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")))


def describe(error: BaseException, redact: Callable[[str], str], retry: Retry) -> Failure:
    """The failure that an attempt records for ``error``; the retry predicate is asked here, where the exception is.

    An interrupt from the keyboard is no failure of the code that it met: it is raised again.
    """
    if isinstance(error, KeyboardInterrupt | GeneratorExit | StopNow):
        raise error
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith(_OURS)]
    last = _innermost(own)
    if isinstance(error, AssetsError):
        place = error.place
        return Failure(
            kind=error.code,
            message=_cut(redact(error.message + (f"; {error.help}" if error.help else ""))),
            traceback=_format(error, frames, redact) if own else "",
            file=place.file if place else (last.filename if last else None),
            line=place.line if place else ((last.lineno or 0) if last else 0),
            retryable=wants_retry(error, retry),
        )
    return Failure(
        kind=_name(type(error)),
        message=_cut(redact(_text(error))),
        traceback=_format(error, frames, redact),
        file=last.filename if last else None,
        line=(last.lineno or 0) if last else 0,
        retryable=wants_retry(error, retry),
    )


def _innermost(frames: list[traceback.FrameSummary]) -> traceback.FrameSummary | None:
    """Where the user's code was, also while it called the standard library or another package."""
    found = [f for f in frames if _is_the_users(f.filename)] or frames
    return found[-1] if found else None


def _is_the_users(file: str) -> bool:
    """Cells of notebooks have names in angle brackets; compiled code names its sources by relative paths."""
    return file.startswith(("<", os.sep)) and not file.startswith(_INSTALLED)


def _name(kind: type[BaseException]) -> str:
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _text(error: BaseException) -> str:
    """``str(error)``, which is user code and may itself fail."""
    try:
        return str(error)
    except Exception as broken:
        return f"<its message could not be read: {type(broken).__name__}>"


def wants_retry(error: BaseException, retry: Retry) -> bool:
    """Whether the policy tries again after this exception; a predicate that fails itself says no."""
    if not isinstance(error, Exception) or isinstance(error, ConflictError | CorruptionError):
        return False
    if retry.when is None:
        return True
    try:
        return bool(retry.when(error))
    except Exception:
        return False


def _cut(text: str) -> str:
    """A message of sane length: some hold the whole table that was wrong."""
    if len(text) <= MAX_MESSAGE:
        return text
    return f"{text[:MAX_MESSAGE]} ... ({len(text):,} characters)"


def _format(
    error: BaseException, frames: traceback.StackSummary, redact: Callable[[str], str]
) -> str:
    lines = ["Traceback (most recent call last):\n"]
    folded = 0
    for number, frame in enumerate(frames):
        if MAX_FRAMES // 2 <= number < len(frames) - MAX_FRAMES // 2:
            if number == MAX_FRAMES // 2:
                lines.append(f"  ... {len(frames) - MAX_FRAMES:,} frames\n")
            continue
        if frame.filename.startswith(_OURS):
            folded += 1
            continue
        if folded:
            lines.append(_folded(folded))
            folded = 0
        lines += traceback.format_list([frame])
    if folded:
        lines.append(_folded(folded))
    chain = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if chain is not None:
        lines.append(f"  caused by {_name(type(chain))}: {_cut(redact(_text(chain)))}\n")
    lines.append(f"{_name(type(error))}: {_cut(redact(_text(error)))}\n")
    return redact("".join(lines))


def _folded(count: int) -> str:
    return f"  ... {count} frame{'s' if count > 1 else ''} of assets-core\n"
