"""Assets that are called otherwise: what every store does alike with all that is recorded of them."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from assets_core.errors import ConflictError
from assets_core.model.checks import CheckStatus
from assets_core.model.keys import AssetKey
from assets_core.model.records import FindingRecord, ObservationRecord, Soundness
from assets_core.model.versions import CodeVersion, InputVersion, SourceVersion, digest
from assets_core.partitions import StaticPartitions
from assets_core.ports import Renaming

REGIONS = StaticPartitions(["eu", "us"])
CODE, TODAY = CodeVersion(digest("code")), CodeVersion(digest("today"))
A, Z, UP, SOURCE = (AssetKey(name) for name in ("a", "z", "up0", "source"))


def rename(world: Any, kit: Any, renaming: Renaming) -> None:
    with world.store.writing() as tx:
        tx.rename(kit.ENV, renaming)


def code(row: Any) -> str:
    return str(row["code"].astype("<u8").tobytes().hex())


def shape(row: Any) -> str:
    return str(row["shape"].astype("<u8").tobytes().hex())


def test_all_that_was_recorded_is_said_of_the_new_name(world: Any, kit: Any) -> None:
    first = world.publish("a@eu", "v1", checks=(kit.outcome(),))
    second = world.publish("a@eu", "v2")
    kept = world.reject("a@us")
    world.fail("a@us")
    finding = FindingRecord(
        kit.ENV, *kit.key("a@eu"), second.number, Soundness.DAMAGED, "torn", None, kit.NOW
    )
    seen = ObservationRecord(kit.ENV, A, "eu", "token", SourceVersion(digest("s")), kit.NOW)
    with world.store.writing() as tx:
        tx.find([finding])
        tx.observe([seen])
    stats = world.store.durations(kit.ENV, [A])[A]
    world.end()
    rename(world, kit, Renaming({A: Z}, {}))
    store = world.store
    assert [m.number for m in store.history(kit.ENV, Z, None, 9)] == [
        kept.number, second.number, first.number
    ]  # fmt: skip
    assert {m.asset for m in store.history(kit.ENV, Z, None, 9)} == {Z}
    assert store.current(kit.ENV, [kit.key("z@eu")])[kit.key("z@eu")].number == second.number
    assert store.candidates(kit.ENV, [kit.key("z@us")])[kit.key("z@us")].number == kept.number
    assert [m.asset for m in store.pointer_moves(kit.ENV, Z, 9)] == [Z, Z]
    assert [c.materialization for c in store.checks(kit.ENV, Z, 1)] == [kept.number]
    assert [a.partition for a in store.last_failures(kit.ENV, [Z])] == ["us"]
    assert {a.asset for a in store.attempts("run-1")} == {Z}
    assert store.durations(kit.ENV, [Z])[Z] == stats
    assert [o.asset for o in store.observations(kit.ENV, [Z])] == [Z]
    assert store.soundness([second.number]) == {second.number: Soundness.DAMAGED}
    assert set(world.rows(("z", REGIONS))) == {("z", 0)}
    assert set(world.kept(("z", REGIONS))) == {("z", 1)}
    for read in (store.history(kit.ENV, A, None, 9), store.checks(kit.ENV, A, 9),
                 store.pointer_moves(kit.ENV, A, 9), store.observations(kit.ENV, [A]),
                 store.last_failures(kit.ENV, [A]), store.durations(kit.ENV, [A])):  # fmt: skip
        assert not read
    assert world.rows(("a", REGIONS)) == {}
    assert not store.examine()


def test_its_files_lie_where_they_lay_whatever_it_is_called_later(world: Any, kit: Any) -> None:
    world.publish("a")
    world.end()
    rename(world, kit, Renaming({A: Z}, {}))
    (made,) = world.store.history(kit.ENV, Z, None, 9)
    assert (made.asset, made.stored_as) == (Z, A)
    rename(world, kit, Renaming({Z: AssetKey("y")}, {}))
    (made,) = world.store.history(kit.ENV, AssetKey("y"), None, 9)
    assert (made.asset, made.stored_as) == ("y", A)


def test_what_read_it_read_it_under_its_new_name(world: Any, kit: Any) -> None:
    text = json.dumps([["up0", "identity", None], ["up1", "all", ["x"]]], separators=(",", ":"))
    with world.store.writing() as tx:
        tx.document({digest(text): text})
    made = kit.completion(world.take("b"), inputs=2)
    shaped = replace(made.materialization, shape=digest(text))
    world.record(replace(made, materialization=shaped))
    other = world.publish("c", inputs=0)
    world.end()
    new = AssetKey("in\u00e9w")
    rename(world, kit, Renaming({UP: new}, {}))
    (found,) = world.store.history(kit.ENV, AssetKey("b"), None, 9)
    assert [one.upstream for one in found.inputs] == [new, "up1"]
    assert found.inputs[0].version == shaped.inputs[0].version
    assert (found.asset, found.stored_as) == ("b", None)
    (kept,) = world.store.documents([found.shape]).values()
    assert json.loads(kept) == [[new, "identity", None], ["up1", "all", ["x"]]]
    assert found.shape == digest(kept)
    assert shape(world.rows("b")["b", 0]) == found.shape
    assert shape(world.rows("c")["c", 0]) == digest("shape") != found.shape
    assert other.number != found.number
    assert not world.store.examine()


def test_code_that_differs_by_the_names_alone_is_recorded_as_todays(world: Any, kit: Any) -> None:
    world.publish("a")
    world.publish("b")
    edited = kit.completion(world.take("b@eu"))
    other = replace(edited.materialization, code=CodeVersion(digest("other")))
    world.record(replace(edited, materialization=other))
    world.publish("c")
    world.end()
    b = AssetKey("b")
    rename(world, kit, Renaming({A: Z, UP: AssetKey("up")}, {Z: (CODE, TODAY), b: (CODE, TODAY)}))
    codes = {m.partition: m.code for m in world.store.history(kit.ENV, b, None, 9)}
    assert codes == {"": TODAY, "eu": other.code}
    assert code(world.rows("z")["z", 0]) == code(world.rows("b")["b", 0]) == TODAY
    assert code(world.rows("c")["c", 0]) == CODE
    assert code(world.rows(("b", REGIONS))["b", 0]) == other.code
    assert not world.store.examine()


def test_sources_have_other_versions_and_what_read_them_other_sums(world: Any, kit: Any) -> None:
    before, today = SourceVersion(digest("before")), SourceVersion(digest("after"))
    seen = ObservationRecord(kit.ENV, UP, "", "token", before, kit.NOW)
    with world.store.writing() as tx:
        tx.observe([seen])
    world.publish("b", inputs=2)
    world.end()
    read = InputVersion(7, 8, 3)
    renaming = Renaming(
        {UP: SOURCE},
        {},
        {before: today},
        lambda item: read if item.upstream == UP else item.version,
    )
    rename(world, kit, renaming)
    assert [o.version for o in world.store.observations(kit.ENV, [SOURCE])] == [today]
    (made,) = world.store.history(kit.ENV, AssetKey("b"), None, 9)
    assert [one.version for one in made.inputs] == [read, InputVersion(2**64 - 1, 1, 3)]
    row = world.rows("b")["b", 0]["inputs"]
    assert row["low"].tolist() == [7, 2**64 - 1]
    assert row["as_of"].tolist() == [0, 1]
    with world.store.writing() as tx:  # what is observed again is what is known
        sequence = tx.sequence
        tx.observe([replace(seen, asset=SOURCE, version=today)])
        assert tx.sequence == sequence
    assert not world.store.examine()


def test_what_failed_under_the_new_name_is_newer(world: Any, kit: Any) -> None:
    world.fail("a@eu")
    world.fail("a@us")
    world.fail("z@eu")
    world.end()
    rename(world, kit, Renaming({A: Z}, {}))
    latest = world.store.last_failures(kit.ENV, [Z])
    assert {a.partition: a.attempt for a in latest} == {"us": "attempt-2", "eu": "attempt-3"}
    assert not world.store.examine()


def test_another_environment_keeps_its_names(world: Any, kit: Any) -> None:
    world.start("run-2", "other")
    lease = world.take("a", run="run-2", env="other")
    world.record(kit.completion(lease))
    world.publish("a")
    world.end()
    world.end("run-2")
    rename(world, kit, Renaming({A: Z, UP: SOURCE}, {Z: (CODE, TODAY)}))
    (theirs,) = world.store.history("other", A, None, 9)
    assert (theirs.code, theirs.inputs[0].upstream) == (CODE, UP)
    assert set(world.rows("a", env="other")) == {("a", 0)}
    assert set(world.rows("z")) == {("z", 0)}


def test_packed_assets_are_packed_again(world: Any, kit: Any) -> None:
    keys = [f"k{n}" for n in range(400)]
    many = StaticPartitions(keys)
    leases = world.claim(*(f"a@{k}" for k in keys))
    world.record(*(kit.completion(lease, lease.partition) for lease in leases))
    world.end()
    world.store.compact(kit.ENV, [(A, many)])
    before = world.rows(("a", many))
    rename(world, kit, Renaming({A: Z}, {}))
    after = world.rows(("z", many))
    assert [o for _, o in sorted(after)] == [o for _, o in sorted(before)] == list(range(400))
    assert world.rows(("a", many)) == {}
    world.store.compact(kit.ENV, [(Z, many)])
    assert len(world.rows(("z", many))) == 400
    assert not world.store.examine()


def test_nothing_is_renamed_while_a_run_goes_on(world: Any, kit: Any) -> None:
    world.publish("a")
    with pytest.raises(ConflictError) as refused:
        rename(world, kit, Renaming({A: Z}, {}))
    assert refused.value.code == "E627"
    assert set(world.rows("a")) == {("a", 0)}
    world.dead.add("run-1")
    held = world.take("a@eu")
    rename(world, kit, Renaming({A: Z}, {}))
    late = world.record(kit.completion(held))[0]
    assert late.superseded
    assert set(world.rows("z")) == {("z", 0)}


def test_two_histories_are_never_joined(world: Any, kit: Any) -> None:
    world.publish("a")
    world.reject("z", "kept back")
    world.end()
    with pytest.raises(ConflictError) as refused:
        rename(world, kit, Renaming({A: Z}, {}))
    assert refused.value.code == "E936"
    assert set(world.rows("a")) == {("a", 0)}


def test_an_error_takes_all_of_it_back(world: Any, kit: Any) -> None:
    world.publish("a", checks=(kit.outcome(status=CheckStatus.PASSED),))
    world.publish("b")
    world.fail("a@us")
    world.end()
    before = (world.store.history(kit.ENV, A, None, 9), world.store.attempts("run-1"))
    with suppress(KeyError), world.store.writing() as tx:
        tx.rename(kit.ENV, Renaming({A: Z, UP: SOURCE}, {Z: (CODE, TODAY)}))
        raise KeyError("stopped")
    assert (world.store.history(kit.ENV, A, None, 9), world.store.attempts("run-1")) == before
    assert world.store.history(kit.ENV, Z, None, 9) == []
    assert set(world.rows("a")) == {("a", 0)}
    assert code(world.rows("a")["a", 0]) == CODE
    assert not world.store.examine()


def test_a_failure_under_the_new_name_is_forgotten_where_it_is_older(world: Any, kit: Any) -> None:
    world.fail("z@eu")
    world.fail("z@us")
    world.publish("a@eu")
    world.fail("a@us")
    world.end()
    rename(world, kit, Renaming({A: Z}, {}))
    latest = world.store.last_failures(kit.ENV, [Z])
    assert {a.partition: a.attempt for a in latest} == {"us": "attempt-4"}
    assert not world.store.examine()


def test_inputs_stand_in_the_order_of_their_new_keys(world: Any, kit: Any) -> None:
    text = json.dumps([["up0", "identity", None], ["up1", "all", None]], separators=(",", ":"))
    with world.store.writing() as tx:
        tx.document({digest(text): text})
    made = kit.completion(world.take("b"), inputs=2)
    world.record(replace(made, materialization=replace(made.materialization, shape=digest(text))))
    world.end()
    rename(world, kit, Renaming({AssetKey("up0"): AssetKey("zz")}, {}))
    (found,) = world.store.history(kit.ENV, AssetKey("b"), None, 9)
    today = json.dumps([["up1", "all", None], ["zz", "identity", None]], separators=(",", ":"))
    assert found.shape == digest(today)
    assert [one.upstream for one in found.inputs] == ["up1", "zz"]
    assert world.rows("b")["b", 0]["inputs"]["high"].tolist() == [1, 0]
    assert world.rows("b")["b", 0]["inputs"]["as_of"].tolist() == [1, 0]
    assert not world.store.examine()


def test_what_names_it_only_as_a_field_is_left_alone(world: Any, kit: Any) -> None:
    """Names of fields stand in the details of every record: ``files`` is one, and may be an asset too."""
    files, papers = AssetKey("files"), AssetKey("papers")
    world.publish("b")
    seen = ObservationRecord(kit.ENV, files, "", "token", SourceVersion(digest("s")), kit.NOW)
    with world.store.writing() as tx:
        tx.observe([seen])
    world.end()
    before = world.store.history(kit.ENV, AssetKey("b"), None, 9)
    rename(world, kit, Renaming({files: papers}, {}))
    assert [o.asset for o in world.store.observations(kit.ENV, [papers])] == [papers]
    assert world.store.history(kit.ENV, AssetKey("b"), None, 9) == before


def test_what_its_call_makes_as_well_is_of_todays_code(world: Any, kit: Any) -> None:
    world.publish("a", inputs=0)
    world.publish("sibling", inputs=0)
    world.end()
    codes = {Z: (CODE, TODAY), AssetKey("sibling"): (CODE, TODAY)}
    rename(world, kit, Renaming({A: Z}, codes))
    assert code(world.rows("sibling")["sibling", 0]) == TODAY
    (made,) = world.store.history(kit.ENV, AssetKey("sibling"), None, 9)
    assert (made.code, made.stored_as) == (TODAY, None)
