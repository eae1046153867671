"""Plans in their written form, compared whole."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assets_core.cli.errors import Line, cells
from assets_core.cli.plan_text import plan_lines
from assets_core.errors import Place
from assets_core.graph import AssetGraph, build_graph
from assets_core.model.assets import AssetDefinition, AssetSpec, PythonBody
from assets_core.model.keys import AssetKey
from assets_core.model.plans import (
    Action,
    CheckBlocked,
    CheckFailing,
    CheckStep,
    CodeChanged,
    ConfigChanged,
    Forced,
    InputAdded,
    InputChanged,
    InputMissing,
    InputRemoved,
    LastAttemptFailed,
    NeverMaterialized,
    ObservationFailed,
    OutputDamaged,
    OutputMissing,
    PartitionsChanged,
    Plan,
    Reason,
    RunsTogether,
    Step,
    UpstreamBlocked,
    UpstreamPending,
)
from assets_core.model.versions import CodeVersion, ConfigVersion
from assets_core.observe.details import CodeEdit, Details
from assets_core.partitions import (
    DailyPartitions,
    PartitionsDefinition,
    PartitionSet,
    Unpartitioned,
)

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
DAYS = DailyPartitions(start="2024-11-20")
CHANGED = CodeChanged(CodeVersion("a" * 32), CodeVersion("b" * 32))
DETAILS = Details(
    code={("a" * 32, "b" * 32): (CodeEdit("edited", "clean_row()", "shop/orders.py", 41),)},
    config={("c" * 32, "d" * 32): ("cleaning.max_delay",)},
)
ONE = PartitionSet.of([0])


def graph_of(**partitions: PartitionsDefinition) -> AssetGraph:
    place = Place("shop.py", 1)
    specs = [AssetSpec(AssetKey(key), "python", place, p) for key, p in partitions.items()]
    body = PythonBody(print, ())
    return build_graph([AssetDefinition((spec,), body, place, ()) for spec in specs])


def days(first: str, last: str) -> PartitionSet:
    lo, hi = DAYS.ordinals([first, last]).tolist()
    return PartitionSet.range(lo, hi + 1)


def plan_of(
    *steps: Step, checks: tuple[CheckStep, ...] = (), current: int = 0, **more: object
) -> Plan:
    return Plan("default", NOW, 7, steps, checks, current, **more)  # type: ignore[arg-type]


def step(graph: AssetGraph, key: str, action: Action, reason: Reason, partitions: PartitionSet = ONE,
         estimate_s: float | None = None) -> Step:  # fmt: skip
    return Step(
        AssetKey(key), graph.numbers[AssetKey(key)], action, (reason,), partitions, estimate_s
    )


def text(lines: list[Line]) -> str:
    return "\n".join("".join(p if isinstance(p, str) else p[0] for p in line) for line in lines)


def test_a_plan_has_the_designed_form() -> None:
    graph = graph_of(
        orders_clean=DAYS,
        fx_rates=DAYS,
        daily_report=Unpartitioned(),
        customer_scores=Unpartitioned(),
    )
    roots = (AssetKey("orders_clean"), AssetKey("fx_rates"))
    plan = plan_of(
        step(graph, "orders_clean", Action.RUN, CHANGED, days("2026-10-20", "2026-11-19"), 170.0),
        step(
            graph,
            "fx_rates",
            Action.RUN,
            NeverMaterialized(),
            days("2026-11-18", "2026-11-19"),
            10.0,
        ),
        step(graph, "daily_report", Action.MAYBE, UpstreamPending(roots, roots)),
        step(graph, "customer_scores", Action.BLOCKED, CheckBlocked(("not_null(id)",), "r-1")),
        current=812,
    )
    written = text(plan_lines(plan, graph, details=DETAILS, run_name={"r-1": "218"}.__getitem__))
    assert written == (
        "Plan: 2 assets, 33 partitions to run, up to 1 more if outputs change   (812 current, 1 blocked)"
        "   about 3m\n"
        "  ~ orders_clean      31 of 730   2026-10-20..2026-11-19   code changed: shop/orders.py:41 clean_row()\n"
        "  + fx_rates           2 of 730   2026-11-18, 2026-11-19   never materialized\n"
        "  ? daily_report              1                            if orders_clean or fx_rates change\n"
        "  ! customer_scores   blocked: check not_null(id) failed on the candidate of run 218\n"
        "Nothing has run.  Run it: assets materialize"
    )


def test_an_empty_plan_is_one_line() -> None:
    assert (
        text(plan_lines(plan_of(current=812), graph_of(a=Unpartitioned())))
        == "Nothing to do: 812 current."
    )


def test_unpartitioned_assets_have_no_partitions_to_count() -> None:
    graph = graph_of(a=Unpartitioned(), long_name=Unpartitioned())
    plan = plan_of(
        step(graph, "a", Action.RUN, Forced()),
        step(graph, "long_name", Action.RUN, OutputMissing(), estimate_s=2),
    )
    assert text(plan_lines(plan, graph, command="assets materialize a --force")) == (
        "Plan: 2 assets to run   (0 current)   at least 2s\n"
        "  ~ a           1   forced\n"
        "  ~ long_name   1   its output is missing\n"
        "Nothing has run.  Run it: assets materialize a --force"
    )


def test_missing_checks_are_listed_beside_the_steps() -> None:
    graph = graph_of(a=DAYS, b=Unpartitioned())
    checks = (
        CheckStep(AssetKey("a"), 0, ("unique(id)", "not_null(id)"), days("2026-11-18", "2026-11-19")),
        CheckStep(AssetKey("b"), 1, ("row_count",), ONE, candidate=True),
    )  # fmt: skip
    assert text(plan_lines(plan_of(checks=checks, current=5), graph)) == (
        "Plan: nothing to run, 5 checks to evaluate   (5 current)\n"
        "  = a   2 of 730   2026-11-18, 2026-11-19   to evaluate: unique(id), not_null(id)\n"
        "  = b          1                            to evaluate on the candidate that was kept back: row_count\n"
        "Nothing has run.  Run it: assets materialize"
    )


def test_a_plan_of_blocked_steps_offers_nothing_to_run() -> None:
    graph = graph_of(a=DAYS)
    blocked = step(
        graph, "a", Action.BLOCKED, InputMissing(AssetKey("raw")), days("2026-11-19", "2026-11-19")
    )
    assert text(plan_lines(plan_of(blocked, current=729), graph)) == (
        "Plan: nothing to run   (729 current, 1 blocked)\n"
        "  ! a   1 of 730   2026-11-19   blocked: raw has nothing to read there, and nothing here makes it\n"
        "Nothing has run, and nothing can until what blocks it is resolved."
    )


def test_notes_name_what_the_plan_leaves_alone() -> None:
    graph = graph_of(a=DAYS)
    two = days("2026-11-18", "2026-11-19")
    notes = (LastAttemptFailed(AssetKey("a"), two), CheckFailing(AssetKey("a"), two))
    plan = plan_of(current=1, annotations=notes, unselected_stale=(AssetKey("raw"),))
    assert text(plan_lines(plan, graph)) == (
        "Nothing to do: 1 current.\n"
        "note: the last attempt at a failed for 2 partitions\n"
        "note: what is published of a fails a blocking check for 2 partitions:"
        " nothing new is built on it; see `assets show a`\n"
        "note: raw is out of date too but not selected and read as it is;"
        " put `+` before the selection to include what is upstream"
    )


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (NeverMaterialized(), "never materialized"),
        (CHANGED, "code changed: shop/orders.py:41 clean_row()"),
        (CodeChanged(CodeVersion("x"), CodeVersion("y")), "code changed"),
        (
            ConfigChanged(ConfigVersion("c" * 32), ConfigVersion("d" * 32)),
            "config changed: cleaning.max_delay",
        ),
        (ConfigChanged(ConfigVersion("x"), ConfigVersion("y")), "config changed"),
        (InputChanged(AssetKey("up")), "up changed"),
        (InputAdded(AssetKey("up")), "up was added to its inputs"),
        (InputAdded(AssetKey("up"), remapped=True), "the mapping of up changed"),
        (InputRemoved(AssetKey("up")), "up is no longer an input"),
        (
            PartitionsChanged("daily 0:0 UTC", ""),
            "its partitions were daily 0:0 UTC, now no windows",
        ),
        (OutputDamaged(), "its output is damaged"),
        (RunsTogether(AssetKey("twin")), "made together with twin"),
        (UpstreamPending((AssetKey("u"),), (AssetKey("root"),)), "if root changes"),
        (UpstreamPending(tuple(map(AssetKey, "abcde")), ()), "if a, b or 3 others change"),
        (CheckBlocked(("a", "b"), "7"), "blocked: checks a, b failed on the candidate of run 7"),
        (
            ObservationFailed(AssetKey("src"), "no such file"),
            "blocked: src could not be observed: no such file",
        ),
        (UpstreamBlocked(AssetKey("up")), "blocked: up is blocked and was never published"),
    ],
)
def test_every_reason_has_its_words(reason: Reason, said: str) -> None:
    graph = graph_of(a=DAYS)
    plan = plan_of(step(graph, "a", Action.RUN, reason, days("2026-11-19", "2026-11-19")))
    assert (
        text(plan_lines(plan, graph, details=DETAILS))
        .splitlines()[1]
        .endswith(f"2026-11-19   {said}")
    )


def test_many_runs_of_partitions_are_cut_and_still_counted() -> None:
    graph = graph_of(a=DAYS)
    first = DAYS.ordinal("2026-01-01")
    scattered = PartitionSet.of([*range(first, first + 100, 2), *range(first + 200, first + 203)])
    plan = plan_of(step(graph, "a", Action.RUN, Forced(), scattered))
    assert text(plan_lines(plan, graph)).splitlines()[1] == (
        "  ~ a   53 of 730   2026-01-01, 2026-01-03, …   forced"
    )


def test_long_plans_fold_and_say_how_much() -> None:
    names = {f"a{n:03}": DAYS for n in range(100)}
    graph = graph_of(**names)
    two = days("2026-11-18", "2026-11-19")
    steps = [step(graph, key, Action.RUN, Forced(), two) for key in names]
    lines = plan_lines(plan_of(*steps), graph)
    assert len(lines) == 1 + 30 + 1 + 1
    assert text(lines[-2:-1]) == "  ~ and 70 more lines, 140 partitions; --full shows them"
    assert len(plan_lines(plan_of(*steps), graph, full=True)) == 102


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100])
def test_rows_are_cut_to_the_width(width: int) -> None:
    graph = graph_of(asset=DAYS)
    plan = plan_of(
        step(graph, "asset", Action.RUN, CHANGED, days("2026-10-20", "2026-11-19")),
        step(
            graph,
            "asset",
            Action.BLOCKED,
            CheckBlocked(("日本語" * 20,), "1"),
            days("2026-11-19", "2026-11-19"),
        ),
    )
    rows = text(plan_lines(plan, graph, details=DETAILS, width=width)).splitlines()[1:3]
    assert all(cells(row) <= width for row in rows)
    assert all(row.endswith("…") for row in rows) or width == 100


def test_texts_from_data_can_not_break_out_of_their_row() -> None:
    graph = graph_of(a=Unpartitioned())
    plan = plan_of(step(graph, "a", Action.BLOCKED, CheckBlocked(("x\n\x1b[2J",), "1")))
    row = text(plan_lines(plan, graph)).splitlines()[1]
    assert row == "  ! a   blocked: check x\\n\\x1b[2J failed on the candidate of run 1"


def test_one_long_key_takes_no_room_from_the_lines_of_the_others() -> None:
    long = "a_name_that_is_longer_than_half_of_the_terminal_is_wide"
    graph = graph_of(**{long: Unpartitioned(), "short": Unpartitioned()})
    steps = [step(graph, key, Action.RUN, NeverMaterialized(), ONE) for key in (long, "short")]
    lines = text(plan_lines(plan_of(*steps), graph, width=70)).splitlines()
    assert lines[1] == f"  + {long}   1   nev…"
    assert lines[2] == "  + short   1   never materialized"
