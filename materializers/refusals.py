"""The errors of this package, each made in one place: E302-E306 refuse, E310 and E311 report damage.

E302 a value that cannot be stored as it is; E303 a type it cannot be loaded as; E304 partitions that do not make one
value; E305 a column that is not there; E306 a bad option; E310 stored bytes that are not what was recorded;
E311 stored bytes that are gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from assets_core.errors import CorruptionError, DefinitionError, GoneError, StepError

SHOWN = 120


def unstorable(message: str, *, help: str | None = None) -> StepError:
    """E302: storing the value would change it."""
    return StepError("E302", message, help=help)


def not_loadable(materializer: str, wanted: str, choices: Iterable[str]) -> StepError:
    """E303: the annotation asks for a type that the stored value cannot become."""
    listed = ", ".join(choices)
    return StepError(
        "E303",
        f"a value stored by `{materializer}` cannot be loaded as {shorten(wanted)}",
        help=f"annotate the parameter as one of: {listed}",
    )


def not_one_value(materializer: str, parts: int) -> StepError:
    """E304: several partitions of a kind that does not concatenate."""
    return StepError(
        "E304",
        f"{parts} partitions stored by `{materializer}` do not make one value",
        help="annotate the parameter as dict[str, ...] to get a value per partition key",
    )


def no_such_column(wanted: str, there: Iterable[str]) -> StepError:
    """E305: a projection or a row key names a column that the table does not have."""
    names = list(there)
    near = get_close_matches(wanted, names, n=1)
    listed = ", ".join(shorten(name) for name in names[:20]) or "none"
    help = f"a similar column exists: `{near[0]}`" if near else f"the columns are: {listed}"
    return StepError("E305", f"there is no column `{shorten(wanted)}`", help=help)


def not_tabular(materializer: str) -> StepError:
    """E305: ``columns=`` on a value without columns."""
    return StepError(
        "E305",
        f"`columns=` was given, but values stored by `{materializer}` have no columns",
        help="leave `columns=` out",
    )


def bad_option(materializer: str, option: str, problem: str) -> DefinitionError:
    """E306: a materializer option that is unknown or has a wrong value."""
    return DefinitionError("E306", f"`{materializer}` option `{shorten(option)}`: {problem}")


def damaged(path: Path, problem: str) -> CorruptionError:
    """E310: what lies at ``path`` is not what was recorded when it was written."""
    return CorruptionError(
        "E310",
        f"{path} {problem}",
        help="run `assets verify`: it finds all that is damaged, and `assets materialize` makes that again",
    )


def missing(path: Path, problem: str = "is missing") -> GoneError:
    """E311: nothing lies at ``path`` any more."""
    return GoneError(
        "E311",
        f"{path} {problem}",
        help="run `assets verify`: it finds all that is gone, and `assets materialize` makes that again",
    )


def shorten(text: str) -> str:
    """Text from data, cut to what a message bears."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"
