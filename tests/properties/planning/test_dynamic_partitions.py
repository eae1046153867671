"""Keys added, removed and materialized in any order: against a dictionary, and against a project made from scratch."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from hypothesis import event, given, settings
from hypothesis import strategies as st

from assets_core import AssetContext, DynamicPartitions, Identity, Input, asset, load
from assets_core.model.assets import AssetDefinition
from assets_core.project import Project
from assets_core.project.wishes import Wish
from assets_core.testing import memory_project

KEYS = ("a", "A", "..", "[/x]", "key:a", "a,b=c", "a..b", "é", "last:1", "'; drop", "-rf", "🙂")
"""Of a kind that has been taken for something else than a key."""


def made(calls: list[str]) -> list[AssetDefinition]:
    names = DynamicPartitions("names")

    @asset(partitions=names, code_version="1")
    def raw(context: AssetContext) -> str:
        calls.append(f"raw {context.partition.key}")
        return context.partition.key

    @asset(partitions=names, code_version="1")
    def twice(context: AssetContext, raw: Annotated[str, Input("raw", mapping=Identity())]) -> str:
        calls.append(f"twice {context.partition.key}")
        return raw * 2

    @asset(code_version="1")
    def every(twice: dict[str, str]) -> dict[str, str]:
        calls.append("every")
        return twice

    return [raw, twice, every]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.sampled_from(KEYS), max_size=4)),
        st.tuples(st.just("remove"), st.lists(st.sampled_from(KEYS), max_size=3)),
        st.tuples(st.just("build"), st.just([])),
        st.tuples(st.just("one"), st.lists(st.sampled_from(KEYS), min_size=1, max_size=1)),
    ),
    min_size=3,
    max_size=12,
)


class Model:
    """What a dictionary makes of it."""

    def __init__(self) -> None:
        self.live: dict[str, None] = {}
        self.ever: dict[str, int] = {}
        self.raw: set[str] = set()
        self.twice: set[str] = set()
        self.read: set[str] | None = None
        """The keys that the whole was last made of."""

    def add(self, keys: list[str]) -> list[str]:
        fresh = [k for k in dict.fromkeys(keys) if k not in self.live]
        for key in fresh:
            self.live[key] = None
            self.ever.setdefault(key, len(self.ever))
        return fresh

    def remove(self, keys: list[str]) -> list[str]:
        gone = [k for k in dict.fromkeys(keys) if k in self.live]
        for key in gone:
            del self.live[key]
        return gone

    def build(self) -> list[str]:
        calls = [f"raw {k}" for k in self.live if k not in self.raw]
        calls += [f"twice {k}" for k in self.live if k not in self.twice]
        self.raw |= set(self.live)
        self.twice |= set(self.live)
        if self.live and self.read != set(self.live):
            self.read = set(self.live)
            calls.append("every")
        return calls


def step(project: Project, model: Model, calls: list[str], kind: str, keys: list[str]) -> None:
    calls.clear()
    match kind:
        case "add":
            assert list(project.add_partitions("names", keys).added) == model.add(keys)
        case "remove":
            gone = project.remove_partitions("raw", keys, force=True).removed
            assert list(gone) == model.remove(keys)
        case "build":
            project.materialize()
            assert sorted(calls) == sorted(model.build())
        case _ if keys[0] in model.live:
            project.materialize(Wish(("raw",), partitions=(f"key:{keys[0]}",)))
            assert calls == [f"raw {keys[0]}"] * (keys[0] not in model.raw)
            model.raw.add(keys[0])


@settings(max_examples=25, deadline=None)
@given(steps)
def test_any_order_of_changes_leads_where_a_dictionary_says(
    changes: list[tuple[str, list[str]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        calls: list[str] = []
        project, model = memory_project(made(calls), root=Path(folder) / "a"), Model()
        for kind, keys in [*changes, ("build", [])]:
            step(project, model, calls, kind, keys)
        event(f"{len(model.live)} keys of {len(model.ever)}")
        with project.reading() as reader:
            stored = reader.dynamic_partitions("default").get("names", ())
            assert {k.key: k.ordinal for k in stored} == model.ever
            assert {k.key for k in stored if k.live} == set(model.live)
        if not model.live:
            return
        assert project.plan().plan.is_empty
        scratch = memory_project(made([]), root=Path(folder) / "b")
        scratch.add_partitions("names", list(model.live))
        scratch.materialize()
        assert load("every", project=project) == load("every", project=scratch)
        assert load("every", project=project) == {k: k * 2 for k in model.live}
