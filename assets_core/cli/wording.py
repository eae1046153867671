"""How durations, ages, counts and partition keys are said, alike in every verb."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def duration(seconds: float) -> str:
    """``0.21s``, ``4.2s``, ``41s``, ``3m 20s``, ``2h 05m``."""
    if seconds < 1:
        return f"{seconds:.2f}s"
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 100:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m"


def age(at: datetime, now: datetime) -> str:
    """How long ago, in one unit: ``5 minutes ago``."""
    seconds = (now - at).total_seconds()
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{counted(int(seconds // size), name)} ago"
    return "just now"


def counted(number: int, noun: str) -> str:
    """``1 partition``, ``33 partitions``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(count: int) -> str:
    """``0 B``, ``812 B``, ``4.2 kB``, ``1.3 GB``."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 99.5 else f"{amount:.1f} {unit}"


def address(asset: str, partition: str) -> str:
    """``orders`` or ``orders[2026-11-18]``."""
    return f"{asset}[{partition}]" if partition else asset


def local(at: datetime) -> str:
    """A time as people read it where they are."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def listed(texts: Sequence[str], most: int = 3) -> str:
    """``a, b, c and 4 more``."""
    shown, left = texts[:most], len(texts) - most
    return ", ".join(shown) + (f" and {left:,} more" if left > 0 else "")
