"""Fault 4: the power is cut after any system call of a run; what was recorded and told is on the disk (G3, G4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assets_core.errors import AssetsError
from assets_core.project import Project
from tests.faces.command import ASSETS, Done
from tests.faults.lost_power import Contents, Disk, put
from tests.faults.sweeping import EVERYTHING, attempts
from tests.faults.system_calls import MakeFolder, Operation, Rename, Sync, traced
from tests.faults.test_kill_sweep import PROJECT
from tests.scenarios.shops import Shop

DONE = re.compile(r"^  \+ (\w+) .*materialized", re.MULTILINE)


@dataclass
class Recording:
    """A run from nothing, or over a version, as the kernel was asked for it."""

    shop: Shop
    project: Project
    before: dict[str, str]
    disk: Callable[[], Disk]
    operations: list[Operation]
    version: int

    @property
    def home(self) -> Path:
        """Where the run kept its state; what a power cut leaves is put there as well."""
        return self.shop.root / ".assets"


def recorded(folder: Path, *, again: bool) -> Recording:
    """Make the run and write down what it asked for."""
    shop = Shop.at(folder / "project")
    shop.define(PROJECT)
    if again:
        shop.build()
        shop.edit("VERSION = 1", "VERSION = 2")
    home = shop.root / ".assets"
    before = attempts(shop.project())
    start = Disk(home)
    done, operations = trace(shop)
    assert done.code == 0, done.err
    shop.calls()
    return Recording(shop, shop.project(), before, start.copy, operations, 2 if again else 1)


def trace(shop: Shop) -> tuple[Done, list[Operation]]:
    """Materialize with the real command."""
    argv = [str(ASSETS), "-C", str(shop.root), "materialize"]
    return traced(shop.root / ".assets", argv, shop.root, shop.root / "trace")


@pytest.fixture(scope="module", params=[False, True], ids=["from nothing", "over a version"])
def recording(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Recording:
    return recorded(tmp_path_factory.mktemp("power"), again=request.param)


def violations(recording: Recording, told: Sequence[str]) -> list[str]:
    """What a look at the home finds wrong after the power came back."""
    project = recording.project
    try:
        visible = attempts(project)
        with project.reading() as reader:
            found = [str(problem) for problem in reader.examine()]
    except AssetsError as error:
        return [str(error)]
    if recording.before and set(visible) != set(EVERYTHING):
        found.append(f"readers lost a version: {sorted(visible)}")
    new = {name.partition("@")[0] for name, a in visible.items() if recording.before.get(name) != a}
    lost = {name for text in told for name in DONE.findall(text)} - new
    return [*found, f"told and lost: {sorted(lost)}"] if lost else found


def problems_of_the_next_run(recording: Recording) -> list[str]:
    """What is wrong with it: incremental must equal from scratch."""
    shop = recording.shop
    shop.attempt()
    assert shop.result is not None
    problems = [] if shop.result.ok else [f"it failed: {shop.result.steps}"]
    values = {
        "table": shop.value("table")["n"][0].as_py(),
        "part@a": shop.value("part", partition="a"),
        "part@b": shop.value("part", partition="b"),
        "total": shop.value("total"),
    }
    if values != dict.fromkeys(EVERYTHING, recording.version):
        problems.append(f"wrong values: {values}")
    return [*problems, *shop.todo()]


def cuts(
    recording: Recording, operations: Sequence[Operation], seeds: int, every: int
) -> Iterator[tuple[str, Contents, list[str]]]:
    """Cut the power after operations, in each way: what is on the disk, and what the user had been told by then."""
    disk = recording.disk()
    for n, operation in enumerate(operations, 1):
        disk.do(operation)
        name = f"{n} {type(operation).__name__} {getattr(operation, 'path', '')}"
        yield f"{name}, nothing unsynced", disk.certain(), disk.told
        for seed in range(seeds if n % every == 0 else 0):
            yield f"{name}, seed {seed}", disk.any_of_it(seed * 100_003 + n), disk.told


def found(
    recording: Recording,
    operations: Sequence[Operation],
    seeds: int,
    every: int = 1,
    runs: int = 1 << 30,
) -> tuple[int, dict[str, list[str]]]:
    """How many disks a cut left that are unlike, and which were bad; after every ``runs``-th the next run is made."""
    bad: dict[str, list[str]] = {}
    seen = set()
    for name, contents, told in cuts(recording, operations, seeds, every):
        state = (len(told), frozenset(contents.items()))
        if state in seen:
            continue
        seen.add(state)
        put(contents, recording.home)
        problems = violations(recording, told)
        if not problems and len(seen) % runs == 0:
            problems = problems_of_the_next_run(recording)
        if problems:
            bad[name] = problems
    return len(seen), bad


@pytest.mark.strace
def test_the_recording_is_everything_that_was_done(recording: Recording) -> None:
    """Else a replay proves nothing: done to the disk of before, it gives every file as the run left it."""
    disk = recording.disk()
    for operation in recording.operations:
        disk.do(operation)
    left = files(recording.home)
    put(disk.everything(), recording.home)
    assert files(recording.home) == left
    assert {name for text in disk.told for name in DONE.findall(text)} == {"table", "part", "total"}


def files(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() for p in home.rglob("*") if p.is_file()}


@pytest.mark.strace
def test_what_is_recorded_outlives_a_power_cut_at_any_call(
    recording: Recording, record_property: Callable[[str, object], None]
) -> None:
    number, bad = found(recording, recording.operations, 1, every=10, runs=10)
    record_property("sizes", f"{number} power cuts replayed")
    assert bad == {}
    assert number > 30


@pytest.mark.strace
@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_what_is_recorded_outlives_a_power_cut_at_every_call_in_many_ways(
    recording: Recording, record_property: Callable[[str, object], None]
) -> None:
    number, bad = found(recording, recording.operations, 8, runs=5)
    record_property("sizes", f"{number} power cuts replayed")
    assert bad == {}


@pytest.mark.strace
def test_what_a_killed_run_had_made_and_not_synced_is_synced_by_the_next(tmp_path: Path) -> None:
    """It finds the folders there: only the disk knows that their names are not on it."""
    first = recorded(tmp_path, again=False)
    killed = first.disk()
    data = str(first.home / "data")
    made = first.operations.index(MakeFolder(f"{data}/table"))
    for operation in first.operations[: first.operations.index(Sync(data), made)]:
        killed.do(operation)
    put(killed.everything(), first.home)
    _, second = trace(first.shop)
    left = replace(first, disk=killed.copy, operations=second)
    number, bad = found(left, second, 0)
    assert bad == {}
    assert number > 10


# --- what it is for -------------------------------------------------------------------------------------------------


def is_data(operation: Operation) -> bool:
    return isinstance(operation, Sync) and "/data/" in operation.path


def is_file(operation: Operation) -> bool:
    return Path(operation.path).suffix != "" if isinstance(operation, Sync) else False


def data_never_synced(operations: Sequence[Operation]) -> list[Operation]:
    return [o for o in operations if not (is_data(o) and is_file(o))]


def folders_never_synced(operations: Sequence[Operation]) -> list[Operation]:
    return [o for o in operations if not (is_data(o) and not is_file(o))]


def home_never_synced(operations: Sequence[Operation]) -> list[Operation]:
    """The name of the state directory in the project's own folder."""
    homes = {
        str(Path(o.path).parent) for o in operations if isinstance(o, Rename) and "state." in o.path
    }
    assert len(homes) == 1
    (home,) = homes
    return [o for o in operations if not (isinstance(o, Sync) and o.path == str(Path(home).parent))]


def ledger_never_synced(operations: Sequence[Operation]) -> list[Operation]:
    return [o for o in operations if not (isinstance(o, Sync) and o.path.endswith("-wal"))]


def recorded_before_synced(operations: Sequence[Operation]) -> list[Operation]:
    """Each sync of data after the commit that follows it."""
    late: list[Operation] = []
    moved: list[Operation] = []
    for operation in operations:
        if is_data(operation):
            late.append(operation)
            continue
        moved.append(operation)
        if isinstance(operation, Sync) and operation.path.endswith("-wal"):
            moved += late
            late = []
    return [*moved, *late]


@pytest.mark.strace
@pytest.mark.parametrize(
    ("bug", "where"),
    [
        (data_never_synced, "data/"),
        (folders_never_synced, "data/"),
        (recorded_before_synced, "data/"),
        (ledger_never_synced, "told and lost"),
        (home_never_synced, "told and lost"),
    ],
)
def test_the_replay_finds_the_bugs_that_it_is_for(
    recording: Recording, bug: Callable[[Sequence[Operation]], list[Operation]], where: str
) -> None:
    if bug is home_never_synced and recording.before:
        return  # its name was there before
    operations = bug(recording.operations)
    assert operations != recording.operations
    _, bad = found(recording, operations, 0)
    assert any(where in problem for problems in bad.values() for problem in problems), bad
