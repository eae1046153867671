"""Garbage collection, made rare until the project is loaded: while modules and definitions pile up, nothing is garbage.

Python otherwise looks through what there is after every 700 new objects, which was a tenth of the time of ``ls`` and
``plan``. What comes then may run the user's code in this process, over data that cycles keep alive: it gets the usual.
"""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
_RARE = 100_000
"""New objects before the next look: some ten megabytes at most wait for it."""


def collect_rarely() -> None:
    """From the start of the process on; one in which collection is off keeps that."""
    if _USUAL[0]:
        gc.set_threshold(max(_RARE, _USUAL[0]), *_USUAL[1:])


def collect_as_usual() -> None:
    """What Python, or who started it, had chosen."""
    gc.set_threshold(*_USUAL)
