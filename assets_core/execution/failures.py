"""From an exception in user code to plain data: the user's own frames, ours folded to one line.

What is kept was redacted: a connection's password in a message or a source line never reaches a record.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

from assets_core.errors import AssetsError, ConflictError
from assets_core.model.assets import Retry
from assets_core.model.records import Failure

_OURS = tuple(
    str(Path(__file__).resolve().parents[2] / name)
    for name in ("assets_core", "materializers", "checks", "integrations")
)


def describe(error: BaseException, redact: Callable[[str], str], retry: Retry) -> Failure:
    """The failure that an attempt records for ``error``; the retry predicate is asked here, where the exception is."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith(_OURS)]
    last = own[-1] if own else None
    if isinstance(error, AssetsError):
        place = error.place
        return Failure(
            kind=error.code,
            message=redact(error.message + (f"; {error.help}" if error.help else "")),
            traceback=redact(_format(error, frames)) if own else "",
            file=place.file if place else (last.filename if last else None),
            line=place.line if place else ((last.lineno or 0) if last else 0),
            retryable=_wants_retry(error, retry),
        )
    return Failure(
        kind=_name(type(error)),
        message=redact(_text(error)),
        traceback=redact(_format(error, frames)),
        file=last.filename if last else None,
        line=(last.lineno or 0) if last else 0,
        retryable=_wants_retry(error, retry),
    )


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


def _wants_retry(error: BaseException, retry: Retry) -> bool:
    if not isinstance(error, Exception) or isinstance(error, ConflictError):
        return False
    if retry.when is None:
        return True
    try:
        return bool(retry.when(error))
    except Exception:
        return False


def _format(error: BaseException, frames: traceback.StackSummary) -> str:
    lines = ["Traceback (most recent call last):\n"]
    folded = 0
    for frame in frames:
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
        lines.append(f"  caused by {_name(type(chain))}: {_text(chain)}\n")
    lines.append(f"{_name(type(error))}: {_text(error)}\n")
    return "".join(lines)


def _folded(count: int) -> str:
    return f"  ... {count} frame{'s' if count > 1 else ''} of assets-core\n"
