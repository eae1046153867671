"""Documents say what the values say, and fit their schemas."""

from __future__ import annotations

import json
import typing
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from assets_core.cli.errors import error_document
from assets_core.cli.event_lines import event_document
from assets_core.errors import DefinitionError, Place
from assets_core.execution.tally import RunResult, StepResult
from assets_core.graph import AssetGraph, build_graph
from assets_core.model import events
from assets_core.model.assets import AssetDefinition, AssetSpec, Dependency, PythonBody
from assets_core.model.checks import CheckOutcome, CheckSpec, CheckStatus, Relation, Severity
from assets_core.model.conflicts import OnConflict
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.plans import (
    Action,
    CheckBlocked,
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
from assets_core.model.records import (
    AttemptRecord,
    AttemptStatus,
    CheckRecord,
    Failure,
    InputRecord,
    MaterializationRecord,
    RunEnd,
    RunRecord,
    RunStatus,
)
from assets_core.model.values import ColumnDigest, Written
from assets_core.model.versions import (
    CodeVersion,
    ConfigVersion,
    DataVersion,
    InputVersion,
    Term,
    digest_json,
)
from assets_core.observe.asset_documents import check_document, show_document
from assets_core.observe.details import details, versions_to_explain
from assets_core.observe.documents import (
    lineage_document,
    list_document,
    nothing_document,
    partitions_document,
    plan_document,
    recorded_run_document,
    run_document,
    runs_document,
)
from assets_core.partitions import DailyPartitions, PartitionSet, Unpartitioned
from assets_core.schemas import NAMES, schema
from assets_core.versioning.current import CurrentVersions
from assets_core.versioning.parts import CodePart, parts_text

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
DAYS = DailyPartitions(start="2026-11-01")
OLD, NEW = "0" * 32, "1" * 32
RAW, MART = AssetKey("raw"), AssetKey("mart/report")
ONE = PartitionSet.of([0])


@pytest.fixture
def graph() -> AssetGraph:
    place = Place("shop/report.py", 7)
    check = CheckSpec("known", "relationship", {}, relations=(Relation("side", ("id",)),))
    raw = AssetSpec(RAW, "python", place, DAYS, tags={"domain": "ops"}, owners=("team:data",))
    side = AssetSpec(AssetKey("side"), "source", place, Unpartitioned())
    mart = AssetSpec(MART, "sql", place, Unpartitioned(), description="A report.", checks=(check,))
    body = PythonBody(print, ())
    needs = (Dependency("raw", "raw", place, columns=("a", "b")),)
    return build_graph(
        [
            AssetDefinition((raw,), body, place, ()),
            AssetDefinition((side,), body, place, ()),
            AssetDefinition((mart,), body, place, needs),
        ]
    )


def versions(graph: AssetGraph) -> CurrentVersions:
    count = len(graph.keys)
    return CurrentVersions(
        (CodeVersion(NEW),) * count, (ConfigVersion(OLD),) * count, ((),) * count
    )


def days(*keys: str) -> PartitionSet:
    return PartitionSet.of(DAYS.ordinals(keys))


def step(graph: AssetGraph, key: AssetKey, action: Action, *reasons: Reason) -> Step:
    partitions = days("2026-11-02", "2026-11-03", "2026-11-05") if key == RAW else ONE
    return Step(key, graph.numbers[key], action, reasons, partitions, 1.5)


def valid(document: typing.Mapping[str, JSON]) -> typing.Any:
    """The document as it comes out of JSON, checked against its schema."""
    plain = json.loads(json.dumps(document, allow_nan=False))
    jsonschema.Draft202012Validator(schema(plain["schema"])).validate(plain)
    return plain


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_a_schema_named_after_its_document(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$id"] == f"assets.{name}/1"
    assert schema(f"assets.{name}/1") == schema(name)


def test_every_schema_file_has_a_name_and_unknown_names_are_refused() -> None:
    folder = Path(str(files("assets_core.schemas")))
    assert {path.stem for path in folder.glob("*.json")} == set(NAMES)
    with pytest.raises(KeyError):
        schema("../secrets")


def test_a_plan_has_one_step_per_asset_action_and_reasons(graph: AssetGraph) -> None:
    changed = CodeChanged(CodeVersion(OLD), CodeVersion(NEW))
    plan = Plan(
        "default", NOW, 12,
        (
            step(graph, RAW, Action.RUN, changed, NeverMaterialized()),
            step(graph, MART, Action.MAYBE, UpstreamPending((RAW,), (RAW,))),
        ),
        (CheckStep(MART, graph.numbers[MART], ("known",), ONE),),
        812,
        (AssetKey("side"),),
        (LastAttemptFailed(RAW, days("2026-11-02")),),
    )  # fmt: skip
    texts = {
        OLD: parts_text([CodePart("shop.orders.clean_row", "shop/orders.py", 40, "a")]),
        NEW: parts_text([CodePart("shop.orders.clean_row", "shop/orders.py", 41, "b")]),
    }
    document = valid(
        plan_document(
            plan, graph, versions(graph), details=details(plan, texts), options={"force": False}
        )
    )
    assert document == {
        "schema": "assets.plan/1", "env": "default", "now": "2026-11-20T08:30:00Z", "as_of": 12,
        "options": {"force": False},
        "steps": [
            {
                "asset": "raw", "action": "run",
                "reasons": [
                    {
                        "code": "code_changed", "old": OLD, "new": NEW,
                        "changes": [
                            {"kind": "edited", "name": "clean_row()", "file": "shop/orders.py", "line": 41}
                        ],
                    },
                    {"code": "never_materialized"},
                ],
                "partitions": {
                    "count": 3,
                    "ranges": [["2026-11-02", "2026-11-03", 2], ["2026-11-05", "2026-11-05", 1]],
                },
                "pins": {"code": NEW, "config": OLD}, "estimate_s": 1.5,
            },
            {
                "asset": "mart/report", "action": "maybe",
                "reasons": [{"code": "upstream_pending", "upstreams": ["raw"], "roots": ["raw"]}],
                "partitions": None, "pins": {"code": NEW, "config": OLD}, "estimate_s": 1.5,
            },
        ],
        "checks": [
            {"asset": "mart/report", "checks": ["known"], "partitions": None, "candidate": False}
        ],
        "current": 812, "unselected_stale": ["side"],
        "annotations": [
            {
                "code": "last_attempt_failed", "asset": "raw",
                "partitions": {"count": 1, "ranges": [["2026-11-02", "2026-11-02", 1]]},
            }
        ],
    }  # fmt: skip


EVERY_REASON: list[Reason] = [
    NeverMaterialized(),
    CodeChanged(CodeVersion(OLD), CodeVersion(NEW)),
    ConfigChanged(ConfigVersion(OLD), ConfigVersion(NEW)),
    InputChanged(RAW),
    InputAdded(RAW, remapped=True),
    InputRemoved(RAW),
    PartitionsChanged("daily 0:0 UTC", ""),
    UpstreamPending((RAW,), ()),
    OutputMissing(),
    OutputDamaged(),
    Forced(),
    RunsTogether(MART),
    CheckBlocked(("known",), "r1"),
    InputMissing(RAW),
    ObservationFailed(RAW, "gone"),
    UpstreamBlocked(RAW),
]


def named_in(union: object) -> set[str]:
    """The classes of a union that is written as text."""
    return {name.strip() for name in str(union).split("|")}


def test_every_reason_fits_the_schema(graph: AssetGraph) -> None:
    assert {type(reason).__name__ for reason in EVERY_REASON} == named_in(Reason)
    plan = Plan("default", NOW, 1, (step(graph, RAW, Action.RUN, *EVERY_REASON),), (), 0)
    reasons = valid(plan_document(plan, graph, versions(graph)))["steps"][0]["reasons"]
    assert len({reason["code"] for reason in reasons}) == len(EVERY_REASON)


def test_details_name_what_was_edited_as_people_know_it(graph: AssetGraph) -> None:
    code = CodeChanged(CodeVersion(OLD), CodeVersion(NEW))
    config = ConfigChanged(ConfigVersion("2" * 32), ConfigVersion("3" * 32))
    other = CodeChanged(CodeVersion("4" * 32), CodeVersion(NEW))
    plan = Plan("default", NOW, 1, (step(graph, RAW, Action.RUN, code, config, other),), (), 0)
    assert versions_to_explain(plan) == {OLD, NEW, "2" * 32, "3" * 32, "4" * 32}
    old = [
        CodePart("shop.a.gone", "src/shop/a.py", 1, "1"),
        CodePart("shop.a.Cleaner.run", "src/shop/a.py", 9, "1"),
        CodePart("shop.a.limit", "src/shop/a.py", 3, "1"),
        CodePart("shop.a.limit=", "src/shop/a.py", 3, "1"),
        CodePart("shop.<effects>", "src/shop/__init__.py", 1, "1"),
        CodePart("package pandas", "", 0, "1"),
    ]
    new = [
        CodePart("shop.a.Cleaner", "src/shop/a.py", 8, "1"),
        CodePart("shop.a.Cleaner.run", "src/shop/a.py", 9, "2"),
        CodePart("shop.a.limit", "src/shop/a.py", 3, "2"),
        CodePart("shop.a.limit=", "src/shop/a.py", 3, "2"),
        CodePart("shop.<effects>", "src/shop/__init__.py", 1, "2"),
        CodePart("package pandas", "", 0, "2"),
    ]
    texts = {
        OLD: parts_text(old),
        NEW: parts_text(new),
        "2" * 32: '{"cleaning": {"a": 1, "b": {"c": 1}}, "gone": 1}',
        "3" * 32: '{"cleaning": {"a": 1, "b": {"c": 2}, "d": 1}}',
    }
    found = details(plan, texts)
    assert {(edit.kind, edit.name, edit.line) for edit in found.code[OLD, NEW]} == {
        ("edited", "package pandas", 0),
        ("edited", "effects", 1),
        ("edited", "limit", 3),
        ("edited", "Cleaner.run()", 9),
        ("added", "Cleaner", 8),
        ("removed", "gone()", 1),
    }
    assert list(found.code) == [(OLD, NEW)]
    assert found.config == {("2" * 32, "3" * 32): ("cleaning.b.c", "cleaning.d", "gone")}


def finished(*steps: StepResult) -> RunResult:
    counts = {
        "materialized": 1,
        "unchanged": 0,
        "restored": 0,
        "failed": 1,
        "blocked": 0,
        "current": 3,
    }
    return RunResult("r-1", 18, RunStatus.FAILED, 41.5, counts, steps)


def test_a_run_says_what_became_of_each_partition() -> None:
    failure = Failure("ValueError", "no", "...", "shop/a.py", 3)
    result = finished(
        StepResult(RAW, "2026-11-02", "materialized", 1.5),
        StepResult(MART, "", "failed", None, failure, ""),
    )
    document = valid(run_document(result))
    assert document["steps"] == [
        {
            "asset": "raw", "partition": "2026-11-02", "outcome": "materialized", "duration_s": 1.5, "detail": None,
            "error": None,
        },
        {
            "asset": "mart/report", "partition": None, "outcome": "failed", "duration_s": None, "detail": None,
            "error": {"kind": "ValueError", "message": "no", "file": "shop/a.py", "line": 3},
        },
    ]  # fmt: skip
    assert (document["run"], document["number"], document["status"]) == ("r-1", 18, "failed")


def test_nothing_to_do_is_a_run_without_an_id() -> None:
    document = valid(nothing_document(Plan("default", NOW, 1, (), (), 812)))
    assert document["run"] is None
    assert document["counts"]["current"] == 812


def records() -> tuple[RunRecord, RunEnd, list[AttemptRecord]]:
    run = RunRecord("r-1", "default", NOW, NOW, {"select": ["a"]}, number=3)
    end = RunEnd(
        "r-1", RunStatus.SUCCEEDED, NOW + timedelta(seconds=9), {"materialized": 2, "current": 1}
    )
    statuses = list(AttemptStatus)
    attempts = [
        AttemptRecord(f"a{n}", "r-1", "default", RAW, "2026-11-02", 1, NOW, NOW, status, 0.5)
        for n, status in enumerate(statuses)
    ]
    return run, end, attempts


def test_a_recorded_run_is_the_same_document_with_or_without_its_end() -> None:
    run, end, attempts = records()
    ended = valid(recorded_run_document(run, end, attempts))
    assert (ended["status"], ended["duration_s"], ended["counts"]["materialized"]) == (
        "succeeded",
        9.0,
        2,
    )
    assert {step["outcome"] for step in ended["steps"]} == {
        status.value for status in AttemptStatus
    }
    running = valid(recorded_run_document(run, None, attempts))
    assert (running["status"], running["duration_s"]) == ("running", None)
    assert (running["counts"]["materialized"], running["counts"]["failed"]) == (1, 3)


def test_runs_are_listed_with_their_options() -> None:
    run, end, _ = records()
    document = valid(runs_document([(run, end), (run, None)]))
    assert [one["status"] for one in document["runs"]] == ["succeeded", "running"]
    assert document["runs"][0]["options"] == {"select": ["a"]}
    assert document["runs"][1]["ended"] is None


def test_a_list_has_facts_and_counts(graph: AssetGraph) -> None:
    raw = graph.numbers[RAW]
    statuses = {
        "current": {raw: days("2026-11-02", "2026-11-03")},
        "stale": {raw: days("2026-11-04")},
    }
    document = valid(list_document(graph, [raw, graph.numbers[MART]], statuses, NOW))
    assert document["assets"][0] == {
        "key": "raw", "kind": "python", "group": "default", "tags": {"domain": "ops"}, "owners": ["team:data"],
        "partitions": {"kind": "daily", "count": 19}, "upstream": [], "checks": [],
        "status": {"current": 2, "stale": 1, "missing": 0, "maybe": 0, "failed": 0, "blocked": 0,
                   "held": 0, "running": 0},
    }  # fmt: skip
    assert document["assets"][1]["upstream"] == ["raw"]
    assert document["assets"][1]["partitions"] is None


def test_partitions_are_runs_of_keys_by_status(graph: AssetGraph) -> None:
    raw = graph.numbers[RAW]
    statuses = {"current": {raw: days("2026-11-02", "2026-11-03", "2026-11-07")}}
    document = valid(partitions_document(graph, raw, statuses, NOW))
    assert document["status"]["current"] == {
        "count": 3,
        "ranges": [["2026-11-02", "2026-11-03", 2], ["2026-11-07", "2026-11-07", 1]],
    }
    assert document["status"]["stale"] == {"count": 0, "ranges": []}
    assert document["strip"]["bucket"] == 1
    assert document["strip"]["cells"].count("current") == 3
    only = valid(partitions_document(graph, raw, statuses, NOW, "stale"))
    assert list(only["status"]) == ["stale"]
    whole = valid(
        partitions_document(graph, graph.numbers[MART], {"stale": {graph.numbers[MART]: ONE}}, NOW)
    )
    assert whole["status"]["stale"] == {"count": 1, "ranges": [[None, None, 1]]}


def test_lineage_has_the_edges_of_inputs_and_of_checks(graph: AssetGraph) -> None:
    document = valid(lineage_document(graph, range(len(graph.keys))))
    assert [(e["upstream"], e["relation"], e["columns"]) for e in document["edges"]] == [
        ("raw", "input", ["a", "b"]),
        ("side", "check", ["id"]),
    ]
    assert valid(lineage_document(graph, [graph.numbers[MART]]))["edges"] == []


def outcome(status: CheckStatus) -> CheckOutcome:
    return CheckOutcome(
        "known", status, Severity.WARN, False, NEW, 3, ({"id": 1},), {"rows": 9}, "3 of 9 rows"
    )


def test_results_of_checks_are_counted_by_status() -> None:
    results = [(MART, "", outcome(status), NOW) for status in CheckStatus]
    document = valid(check_document(results))
    assert document["counts"] == {"passed": 1, "failed": 1, "errored": 1}
    assert document["results"][1]["sample"] == [{"id": 1}]


def materialization() -> MaterializationRecord:
    written = Written(
        "parquet",
        DataVersion(NEW),
        (),
        "pandas.DataFrame",
        9,
        1024,
        (ColumnDigest("a", "int64", OLD),),
    )
    inputs = (InputRecord(RAW, "0+3", ("a",), InputVersion(1, 2, 3), 4),)
    return MaterializationRecord(
        "att", "r-1", "default", MART, "", CodeVersion(NEW), ConfigVersion(OLD), OLD, inputs, written,
        Term(1, 2), NOW, {"rows": 9}, number=5,
    )  # fmt: skip


def test_show_has_everything_about_one_asset(graph: AssetGraph) -> None:
    check = CheckRecord(
        "default", MART, "", 5, "r-1", outcome(CheckStatus.PASSED), InputVersion(0, 0, 0), NOW
    )
    number = graph.numbers[MART]
    document = valid(
        show_document(
            graph,
            number,
            versions(graph),
            {},
            NOW,
            materializations=[materialization()],
            results=[check],
        )
    )
    assert document["description"] == "A report."
    assert document["checks"][0]["kind"] == "relationship"
    assert document["materializations"][0]["inputs"] == [
        {"upstream": "raw", "columns": ["a"], "terms": 3}
    ]
    assert document["materializations"][0]["columns"] == [{"name": "a", "type": "int64"}]
    assert document["results"][0]["status"] == "passed"
    assert valid(show_document(graph, graph.numbers[RAW], versions(graph), {}, NOW))[
        "downstream"
    ] == ["mart/report"]


EVERY_EVENT: list[events.Event] = [
    events.RunStarted("r", 1, 3),
    events.StepStarted("c", (RAW, MART), ("2026-11-02", ""), 0.1),
    events.StepFinished("c", 1.5, 2.0),
    events.Materialized(MART, "", "a", 1.5, changed=True),
    events.Published(MART, "", "a"),
    events.RunExtended(MART, 1),
    events.Unchanged(RAW, "2026-11-02"),
    events.Adopted(RAW, "2026-11-02"),
    events.Rejected(RAW, "2026-11-02", "a", ("unique(id)",)),
    events.AttemptFailed(
        RAW, "", "a", Failure("ValueError", "no", "...", None), None, ("x",), None
    ),
    events.Blocked(MART, "", None, "no input"),
    events.HeldUp(RAW, "warehouse", None, 2, 2, ("r2",), None),
    events.ClaimRefused(RAW, "2026-11-02", "r2", 2, OnConflict.JOIN),
    events.Joined(RAW, "2026-11-02", "r2", 2, AttemptStatus.FAILED, Failure("ValueError", "no")),
    events.Joined(MART, "", "r2", 2, AttemptStatus.MATERIALIZED, None),
    events.Superseded(MART, "", "a"),
    events.CheckEvaluated(MART, "", "known", False, True, None, "x", published=True),
    events.UndeclaredFilesRead(MART, ("data.csv",)),
    events.PartitionsAdded(MART, "customers", ("ann",)),
    events.RunFinished("r", RunStatus.SUCCEEDED, 2.0),
]


def test_every_event_fits_its_schema() -> None:
    assert {type(event).__name__ for event in EVERY_EVENT} == named_in(events.Event)
    names = {valid(event_document(event))["event"] for event in EVERY_EVENT}
    assert names == {branch["properties"]["event"]["const"] for branch in schema("event")["oneOf"]}


def test_an_error_fits_its_schema() -> None:
    error = DefinitionError("E103", "no", place=Place("a.py", 1, 2), notes=(("x", None),))
    assert valid(error_document(error))["line"] == 1


def test_a_document_that_lies_is_refused() -> None:
    document = nothing_document(Plan("default", NOW, 1, (), (), 0))
    with pytest.raises(jsonschema.ValidationError):
        valid({**document, "status": "fine"})
    with pytest.raises(jsonschema.ValidationError):
        valid({**document, "extra": digest_json({})})
