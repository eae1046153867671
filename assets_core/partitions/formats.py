"""Key formats: the fixed-width subset of strftime that renders and reads whole arrays of wall times.

Only zero-padded numeric directives are allowed, so a format has one width, a key is read by position, and a million
keys cost a few column operations instead of a million calls of ``strptime`` (7 us each).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assets_core.errors import DefinitionError
from assets_core.partitions.keys import key_problem
from assets_core.partitions.zones import DAY, FIRST_WALL, LAST_WALL

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from assets_core.partitions.sets import Bools, Ints

    Codes = npt.NDArray[np.uint32]

WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "j": 3, "G": 4, "V": 2, "u": 1}
RESOLUTIONS = ("year", "month", "week", "day", "hour", "minute", "second")
"""From coarse to fine; a format must be at least as fine as the partitions it names."""

CHUNK = 1 << 17
"""Rows handled at once, which bounds the scratch memory at about 10 MB per column of text."""

_DATES = {
    frozenset("Y"): "year",
    frozenset("Ym"): "month",
    frozenset("GV"): "week",
    frozenset("Ymd"): "day",
    frozenset("Yj"): "day",
    frozenset("GVu"): "day",
}
_TIMES = {
    frozenset(""): "",
    frozenset("H"): "hour",
    frozenset("HM"): "minute",
    frozenset("HMS"): "second",
}
_SECONDS = {"day": DAY, "hour": 3_600, "minute": 60, "second": 1}


@dataclass(frozen=True, slots=True)
class KeyFormat:
    """A compiled format: its parts are literals (``""``, text) or directives (letter, ``""``), in order."""

    parts: tuple[tuple[str, str], ...]
    resolution: str

    @property
    def width(self) -> int:
        """Characters of every key."""
        return sum(WIDTHS[letter] if letter else len(text) for letter, text in self.parts)

    def codes(self, walls: Ints) -> Codes:
        """The key of each wall time as a row of character codes."""
        import numpy as np

        fields = _fields(walls, {letter for letter, _ in self.parts})
        matrix = np.empty((walls.size, self.width), dtype=np.uint32)
        at = 0
        for letter, text in self.parts:
            if not letter:
                matrix[:, at : at + len(text)] = [ord(char) for char in text]
                at += len(text)
                continue
            value, width = fields[letter].astype(np.uint32), WIDTHS[letter]
            for place in range(width - 1, -1, -1):
                value, digit = np.divmod(value, np.uint32(10))
                matrix[:, at + place] = digit + np.uint32(48)
            at += width
        return matrix

    def render(self, walls: Ints) -> list[str]:
        """The key of each wall time."""
        out: list[str] = []
        for lo in range(0, walls.size, CHUNK):
            matrix = self.codes(walls[lo : lo + CHUNK])
            out.extend(matrix.view(f"U{self.width}").ravel().tolist())
        return out

    def read(self, keys: Sequence[str]) -> tuple[Codes, Ints, Bools]:
        """Character codes, the *last* wall second each key stands for, and whether it could be read at all.

        A readable key may still name no partition: whoever asks renders the partition found and compares the codes.
        All keys must have this format's width.
        """
        import numpy as np

        matrix = np.array(keys, dtype=f"U{self.width}").view(np.uint32)
        matrix = matrix.reshape(len(keys), self.width)
        fields: dict[str, Ints] = {}
        good = np.ones(len(keys), dtype=np.bool_)
        at = 0
        for letter, text in self.parts:
            width = WIDTHS[letter] if letter else len(text)
            columns = matrix[:, at : at + width]
            at += width
            if letter:
                good &= ((columns >= 48) & (columns <= 57)).all(axis=1)
                powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
                fields[letter] = (columns.astype(np.int64) - 48) @ powers
        walls = _last_second(fields, self.resolution, good)
        good &= (walls >= FIRST_WALL) & (walls <= LAST_WALL)
        return matrix, np.where(good, walls, 0), good


@lru_cache(maxsize=256)
def key_format(fmt: str, coarsest: str) -> KeyFormat:
    """Compile ``fmt``; DefinitionError E202 when it is not supported or can't tell partitions of this cadence apart."""
    parts = []
    for letter, text in re.findall(r"%(.)|([^%]+|%$)", fmt, re.DOTALL):
        if letter and letter != "%" and letter not in WIDTHS:
            raise _refused(fmt, f"`%{letter}` has no fixed width or depends on the language")
        parts.append(("", "%") if letter == "%" else (letter, text))
    letters = frozenset(letter for letter, _ in parts if letter)
    date = _DATES.get(letters - frozenset("HMS"))
    time = _TIMES.get(letters & frozenset("HMS"))
    if date is None or time is None or (time and date != "day"):
        raise _refused(fmt, "its directives don't name one date, or one date and time")
    problem = key_problem("".join(text or "0" * WIDTHS[letter] for letter, text in parts))
    if problem:
        raise _refused(fmt, problem)
    resolution = time or date
    if RESOLUTIONS.index(resolution) < RESOLUTIONS.index(coarsest) or (
        coarsest == "month" and resolution == "week"
    ):
        raise _refused(
            fmt, f"several partitions would have the same key; it must name the {coarsest}"
        )
    return KeyFormat(tuple(parts), resolution)


def _refused(fmt: str, why: str) -> DefinitionError:
    return DefinitionError(
        "E202",
        f"`fmt={fmt!r}` can't be used for partition keys: {why}",
        help="use %Y %m %d %H %M %S, %j (day of the year), or %G %V %u (ISO year, week, weekday)",
    )


def month_starts(months: Ints) -> Ints:
    """Days since 1970-01-01 of the first day of each month, months counted from 1970-01."""
    days: Ints = months.astype("datetime64[M]").astype("datetime64[D]").view("i8")
    return days


def months_of(days: Ints) -> Ints:
    """The month, counted from 1970-01, of each day."""
    months: Ints = days.astype("datetime64[D]").astype("datetime64[M]").view("i8")
    return months


def _fields(walls: Ints, wanted: set[str]) -> dict[str, Ints]:
    days = walls // DAY
    second = walls - days * DAY
    fields: dict[str, Ints] = {}
    if wanted & set("Ymdj"):
        months = months_of(days)
        fields |= {"Y": months // 12 + 1970, "m": months % 12 + 1}
        fields["d"] = days - month_starts(months) + 1
        fields["j"] = days - month_starts(months - months % 12) + 1
    if wanted & set("GVu"):
        weekday = (days + 3) % 7
        thursday = days - weekday + 3
        january = months_of(thursday) // 12 * 12
        fields |= {"u": weekday + 1, "G": january // 12 + 1970}
        fields["V"] = (thursday - month_starts(january)) // 7 + 1
    fields |= {"H": second // 3_600, "M": second // 60 % 60, "S": second % 60}
    return fields


def _last_second(fields: dict[str, Ints], resolution: str, good: Bools) -> Ints:
    import numpy as np

    year = fields.get("Y", fields.get("G"))
    if year is None:
        raise AssertionError("a compiled format names a year")
    months = (np.where(good, year, 1970) - 1970) * 12
    if "m" in fields:
        months = months + np.clip(fields["m"], 1, 12) - 1
    if resolution == "year":
        return month_starts(months + 12) * DAY - 1
    if resolution == "month":
        return month_starts(months + 1) * DAY - 1
    if "G" in fields:
        fourth = month_starts(months) + 3
        monday = fourth - (fourth + 3) % 7 + (fields["V"] - 1) * 7
        if resolution == "week":
            return (monday + 7) * DAY - 1
        day = monday + fields["u"] - 1
    else:
        day = month_starts(months) + fields.get("d", fields.get("j", months)) - 1
    walls: Ints = day * DAY + _SECONDS[resolution] - 1
    for letter, size in (("H", 3_600), ("M", 60), ("S", 1)):
        if letter in fields:
            walls = walls + fields[letter] * size
    return walls
