"""``python -m benchmarks [--peers] [--full | --quick] [--rows P1,P3]``: measure, write results.json and results.md."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import (
    g15_crowd,
    p1_startup,
    p2_chain,
    p3_layered,
    p4_unchanged,
    p5_partitions,
    p6_records,
    peers,
    report,
)
from benchmarks.measuring import CommandFailed, Figure

HERE = Path(__file__).parent
WORK = HERE / ".work"


def main() -> int:
    """Run the rows asked for; exits 1 when one of ours could not be measured."""
    options = _options()
    command = shutil.which("assets", path=sysconfig.get_path("scripts")) or "assets"
    WORK.mkdir(exist_ok=True)
    ours: dict[str, Callable[[], Iterator[Figure]]] = {
        "P1": lambda: p1_startup.figures(WORK, command),
        "P2": lambda: p2_chain.figures(WORK, command),
        "P3": lambda: p3_layered.figures(WORK, command, quick=options.quick),
        "P4": lambda: p4_unchanged.figures(WORK, command, full=options.full, quick=options.quick),
        "P5": lambda: p5_partitions.figures(WORK, command),
        "P6": lambda: p6_records.figures(WORK, command),
        "G15": lambda: g15_crowd.figures(WORK, command),
    }
    rows = options.rows.split(",")
    figures: list[Figure] = []
    failures: dict[str, str] = {}
    measured = {row: ours[row] for row in rows}
    if options.peers:
        measured = {"Dagster": lambda: peers.figures(WORK, rows), **measured}
    for name, row in measured.items():
        _collect(name, row, figures, failures)
        _write(figures, failures, options.out)
    print(report.table(figures))
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "--peers", action="store_true", help="measure Dagster too, in its own environment"
    )
    parser.add_argument("--full", action="store_true", help="add 100,000 assets to P4 (minutes)")
    parser.add_argument("--quick", action="store_true", help="only the smaller size of P3 and P4")
    parser.add_argument("--rows", default="P1,P2,P3,P4,P5,P6,G15")
    parser.add_argument(
        "--out", type=Path, default=HERE, help="where results.json and results.md go"
    )
    return parser.parse_args()


def _collect(
    name: str,
    measured: Callable[[], Iterator[Figure]],
    figures: list[Figure],
    failures: dict[str, str],
) -> None:
    """Keep what was measured before a failure, and say what was not."""
    print(name, file=sys.stderr)
    try:
        figures.extend(measured())
    except CommandFailed as failed:
        failures[name] = str(failed)
        print(f"  not measured: {failed}", file=sys.stderr)


def _write(figures: list[Figure], failures: dict[str, str], out: Path) -> None:
    """After every row, because a run takes most of an hour and may be stopped."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report.document(figures, failures), indent=1, ensure_ascii=False)
    (out / "results.json").write_text(text + "\n")
    (out / "results.md").write_text(report.table(figures))


if __name__ == "__main__":
    sys.exit(main())
