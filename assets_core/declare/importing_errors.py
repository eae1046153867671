"""What goes wrong while the user's modules are imported, said as one located definition error each (E111-E118).

The place is the deepest line of the *user's* files on the way to the exception, with the columns that CPython keeps
for each instruction; the lines through which that module was imported follow as notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from types import TracebackType

from assets_core.errors import AssetsError, DefinitionError, Place

MAX_NOTES = 5

Display = Callable[[str], str | None]
"""The file as shown to the user, None for a file that is not the project's."""


def located(error: BaseException, module: str, display: Display) -> AssetsError:
    """The definition error for what importing ``module`` raised; our own errors only get the place they lack."""
    frames = _frames(error.__traceback__, display)
    place = frames[-1][1] if frames else None
    if isinstance(error, AssetsError):
        error.place = error.place or place
        return error
    where = f"`{frames[-1][0] if frames else module}`"
    notes = tuple(("imported from here", outer) for _, outer in frames[-2 : -2 - MAX_NOTES : -1])
    if isinstance(error, SyntaxError) and display(error.filename or "") is not None:
        return _syntax(error, display(error.filename or "") or "", frames)
    if isinstance(error, SystemExit):
        return _exit(error, where, place, notes)
    if isinstance(error, ImportError):
        return _import(error, where, place, notes)
    text = _one_line(error)
    return DefinitionError(
        "E114",
        f"importing {where} raised {type(error).__name__}" + (f": {text}" if text else ""),
        place=place,
        help="a module of assets must import cleanly; -v shows the whole traceback",
        notes=notes,
    )


def _syntax(error: SyntaxError, file: str, frames: list[tuple[str, Place]]) -> DefinitionError:
    line, column = error.lineno or 0, max(error.offset or 0, 0)
    same_line = error.end_lineno == error.lineno and error.end_offset and column
    length = max(error.end_offset - column, 1) if same_line and error.end_offset else 0
    return DefinitionError(
        "E111",
        f"`{file}` is not valid Python: {error.msg}",
        place=Place(file, line, column, length),
        notes=tuple(("imported from here", place) for _, place in frames[: -MAX_NOTES - 1 : -1]),
    )


def _exit(
    error: SystemExit, where: str, place: Place | None, notes: tuple[tuple[str, Place], ...]
) -> DefinitionError:
    code = "" if error.code is None else repr(error.code)
    return DefinitionError(
        "E115",
        f"importing {where} ended the process with sys.exit({code})",
        place=place,
        help='move what only a script should do under `if __name__ == "__main__":`',
        notes=notes,
    )


def _import(
    error: ImportError, where: str, place: Place | None, notes: tuple[tuple[str, Place], ...]
) -> DefinitionError:
    text = re.sub(r" \([^()]*[/\\][^()]*\)$", "", _one_line(error))
    name = (error.name or "").partition(".")[0]
    missing = isinstance(error, ModuleNotFoundError) and name
    return DefinitionError(
        "E117",
        f"importing {where} failed: {text[:1].lower()}{text[1:]}",
        place=place,
        help=f"install the package that provides `{name}`, or correct the import"
        if missing
        else None,
        notes=notes,
    )


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else ""


def _frames(traceback: TracebackType | None, display: Display) -> list[tuple[str, Place]]:
    """The user's frames, outermost first, as (module name, place)."""
    found: list[tuple[str, Place]] = []
    while traceback is not None:
        file = display(traceback.tb_frame.f_code.co_filename)
        if file is not None:
            name = str(traceback.tb_frame.f_globals.get("__name__", file))
            found.append((name, _place(file, traceback)))
        traceback = traceback.tb_next
    return found


def _place(file: str, traceback: TracebackType) -> Place:
    positions = traceback.tb_frame.f_code.co_positions()
    line, end_line, start, end = next(
        islice(positions, traceback.tb_lasti // 2, None), (None, None, None, None)
    )
    if line != traceback.tb_lineno or start is None:
        return Place(file, traceback.tb_lineno or 0)
    length = end - start if end is not None and end_line == line else 0
    return Place(file, line, start + 1, length)
