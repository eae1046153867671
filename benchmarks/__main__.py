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
SMALL, LARGE, LARGEST = 1_000, 10_000, 100_000
"""Assets in P3 and P4."""


def main() -> int:
    """Run the rows asked for; exits 1 when one of ours could not be measured."""
    options = _options()
    command = shutil.which("assets", path=sysconfig.get_path("scripts")) or "assets"
    WORK.mkdir(exist_ok=True)
    rows = options.rows.split(",")
    figures: list[Figure] = []
    failures: dict[str, str] = {}
    for name, row in _measured(rows, options, command):
        print(name, file=sys.stderr)
        try:
            for figure in row():
                figures.append(figure)
                _write(figures, failures, options.out)
        except CommandFailed as failed:
            failures[name] = str(failed)
            print(f"  not measured: {failed}", file=sys.stderr)
            _write(figures, failures, options.out)
    print(report.table(figures))
    return 1 if failures else 0


Row = tuple[str, Callable[[], Iterator[Figure]]]


def _measured(rows: list[str], options: argparse.Namespace, command: str) -> Iterator[Row]:
    """The smaller sizes, the peers, and then what takes half an hour."""
    sizes = (SMALL,) if options.quick else (SMALL, LARGE)
    layered = {size: _layered(size, command) for size in sizes}
    ours: dict[str, Callable[[], Iterator[Figure]]] = {
        "P1": lambda: p1_startup.figures(WORK, command),
        "P2": lambda: p2_chain.figures(WORK, command),
        **layered[SMALL],
        "P5": lambda: p5_partitions.figures(WORK, command),
        "P6": lambda: p6_records.figures(WORK, command),
    }
    yield from ((name, row) for name, row in ours.items() if name in rows)
    if options.peers:
        yield "Dagster", lambda: peers.figures(WORK, rows)
    if not options.quick:
        large = {**layered[LARGE], "G15": lambda: g15_crowd.figures(WORK, command)}
        yield from ((name, row) for name, row in large.items() if name in rows)
    if options.full:
        yield "P4", lambda: p4_unchanged.figures(WORK, command, LARGEST)


def _layered(count: int, command: str) -> dict[str, Callable[[], Iterator[Figure]]]:
    return {
        "P3": lambda: p3_layered.figures(WORK, command, count),
        "P4": lambda: p4_unchanged.figures(WORK, command, count),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "--peers", action="store_true", help="measure Dagster too, in its own environment"
    )
    parser.add_argument("--full", action="store_true", help="add 100,000 assets to P4 (minutes)")
    parser.add_argument(
        "--quick", action="store_true", help="only the smaller size of P3 and P4, and no G15"
    )
    parser.add_argument("--rows", default="P1,P2,P3,P4,P5,P6,G15")
    parser.add_argument(
        "--out", type=Path, default=HERE, help="where results.json and results.md go"
    )
    return parser.parse_args()


def _write(figures: list[Figure], failures: dict[str, str], out: Path) -> None:
    """After every figure, because a run takes most of an hour and may be stopped."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report.document(figures, failures), indent=1, ensure_ascii=False)
    (out / "results.json").write_text(text + "\n")
    (out / "results.md").write_text(report.table(figures))


if __name__ == "__main__":
    sys.exit(main())
