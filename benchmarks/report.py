"""What a run of the benchmarks leaves: one JSON document with every figure, and the table that the README quotes.

A peer's number can only come into the table from the same document, so it was measured beside ours.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from benchmarks.measuring import Figure

OURS = "assets"
LIMITS = (
    "python -c pass",
    "bare loop",
    "ninja",
    "packed rows read",
    "driver alone",
    "after an end",
    "alone",
)
"""Who does the same work with nothing of ours in it."""


def document(figures: Sequence[Figure], failures: dict[str, str]) -> dict[str, Any]:
    """The whole run as JSON (``assets.bench/1``); seconds, megabytes."""
    return {
        "schema": "assets.bench/1",
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count(),
            "system": platform.system(),
            "processor": platform.machine(),
            "python": platform.python_version(),
        },
        "versions": {
            name: version(name) for name in ("assets-core", "duckdb", "pandas", "pyarrow")
        },
        "figures": [
            {
                "row": f.row,
                "work": f.work,
                "who": f.who,
                "median_s": round(f.median, 4),
                "low_s": round(min(f.seconds), 4),
                "high_s": round(max(f.seconds), 4),
                "runs": len(f.seconds),
                "peak_mb": None if f.peak_mb is None else round(f.peak_mb, 1),
            }
            for f in figures
        ],
        "not_measured": failures,
    }


def table(figures: Sequence[Figure]) -> str:
    """One line per piece of work of ours: median and spread, the limit, the ratio, the peers of the same run."""
    head = ["| | work | assets | spread | peak | limit | times the limit | peers |"]
    return "\n".join([*head, "|---|---|---|---|---|---|---|---|", *_lines(figures)]) + "\n"


def _lines(figures: Sequence[Figure]) -> Iterator[str]:
    for ours in (f for f in figures if f.who == OURS):
        limit = _limit(ours, figures)
        peers = [f for f in figures if f.who not in (OURS, *LIMITS) and _same(f, ours)]
        yield "| {} | {} | {} | {}–{} | {:.0f} MB | {} | {} | {} |".format(
            ours.row,
            ours.work,
            _seconds(ours.median),
            _seconds(min(ours.seconds)),
            _seconds(max(ours.seconds)),
            ours.peak_mb or 0,
            f"{limit.who} {_seconds(limit.median)}" if limit else "",
            f"{ours.median / limit.median:.1f}" if limit else "",
            ", ".join(f"{p.who} {_seconds(p.median)}" for p in peers),
        )


def _same(peer: Figure, ours: Figure) -> bool:
    return peer.row == ours.row and ours.work.startswith(peer.work)


def _limit(ours: Figure, figures: Sequence[Figure]) -> Figure | None:
    for figure in figures:
        shared = figure.row == "P1" or ours.work.startswith(figure.work)
        if shared and figure.who in LIMITS and figure.row == ours.row:
            return figure
    return None


def _seconds(value: float) -> str:
    return f"{value:.3f} s" if value < 0.1 else f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
