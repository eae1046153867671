"""Named mutants of what decides: wrong planners and runners that differ from ours by a few words of source text.

A mutant is applied in this process: the module is compiled with the text replaced, and the code of its functions is
put into the functions that exist, so everybody who imported them runs the mutant. Text that is no longer there, or
there twice, is an error: a mutant that changes nothing would be no proof.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Literal, TypeAlias

Law: TypeAlias = Literal["plan", "incremental", "partitioned", "simulated"]


@dataclass(frozen=True)
class Mutant:
    """What it does wrong, the law that it breaks, and the text of ours that becomes its own, by module."""

    name: str
    breaks: Law
    edits: tuple[tuple[str, str, str], ...]


STALENESS = "assets_core.planning.staleness"
PLANNER = "assets_core.planning.planner"
CANDIDATES = "assets_core.planning.candidates"
CLAIMS = "assets_core.execution.claims"
CALLS = "assets_core.execution.calls"

AT_THE_PLAN = (
    "input_records.sums = {(a, o): state.rebuilder.input_sums(a, __import__('numpy').array([o])) "
    "for a, p in state.frontier.waiting.items() for o in p}"
)
PINNED = (
    "old = [input_records.sums.get((asset, o)) or state.rebuilder.input_sums(asset, np.array([o])) "
    "for o in ordinals]; sums = type(old[0])("
    "*(np.concatenate([getattr(s, n) for s in old]) for n in ('low', 'high', 'count')))"
)
MUTANTS = (
    Mutant("ignores the code version", "plan", (
        (STALENESS, '(head["code"] != target.code).any(axis=1)', "~recorded"),
        (STALENESS, '(head["code"] != self._code).any(axis=1)', "False"),
    )),
    Mutant("ignores the config version", "plan", (
        (STALENESS, '(head["config"] != target.config).any(axis=1)', "~recorded"),
        (STALENESS, '(head["config"] != self._config).any(axis=1)', "False"),
    )),
    Mutant("takes an absent partition for an unchanged one", "plan", (
        (STALENESS, "differs & (recorded & same_shape)",
         'differs & (inputs["count"] != 0) & (recorded & same_shape)'),
    )),
    Mutant("ignores the number of terms", "plan", (
        (STALENESS, '| (inputs["count"] != sums.count)', ""),
        (STALENESS, 'wrong |= recorded["count"] != present', "pass"),
    )),
    Mutant("ignores which columns are read", "plan", (
        (STALENESS, "terms(edge.upstream, edge.columns)", "terms(edge.upstream, None)"),
    )),
    Mutant("drops the last of a range", "plan", (
        ("assets_core.planning.sums", "searchsorted(table.stops,", "searchsorted(table.stops - 1,"),
    )),
    Mutant("swaps the direction of mappings", "plan", (
        ("assets_core.planning.shared_reads",
         "edge.mapping.downstream_of(changed", "edge.mapping.upstream_of(changed"),
    )),
    Mutant("takes MAYBE for CURRENT", "plan", (
        (PLANNER, "if fate is None or not fate.dirty:", "if True:"),
    )),
    Mutant("decides each partition without the asset's own earlier ones", "plan", (
        (PLANNER, "if own_edges(self.graph, outputs[0]):", "if False:"),
    )),
    Mutant("computes a blocked candidate again", "plan", (
        (CANDIDATES, "if forced or not candidates:", "if True:"),
    )),
    Mutant("makes again what is held", "plan", (
        (STALENESS, "return self.differs & ~self.held", "return self.differs"),
    )),
    Mutant("takes what is held for what may change", "plan", (
        (PLANNER, "wanted - run - held", "wanted - run"),
    )),
    Mutant("looks through what is held to the partitions before it", "plan", (
        (PLANNER, "self.wanted[asset] - decision.held", "self.wanted[asset]"),
        (PLANNER, "self.wanted[a] - d.held", "self.wanted[a]"),
    )),
    Mutant("lists no missing checks", "plan", (
        (PLANNER, "list(check_steps(self.rebuilder, asset, decision.verdict, fate))", "[]"),
    )),
    Mutant("forgets the early cutoff", "incremental", (
        (CLAIMS, "stale = PartitionSet.of(verdict.ordinals[verdict.stale]) | forced", "stale = partitions"),
    )),
    Mutant("pins inputs at the plan instead of the claim", "incremental", (
        (CLAIMS, "self._recheck = recheck\n", f"self._recheck = recheck; {AT_THE_PLAN}\n"),
        (CALLS, "sums = state.rebuilder.input_sums(asset, np.array(ordinals, np.int64))", PINNED),
    )),
    Mutant("starts before its upstreams have settled", "partitioned", (
        ("assets_core.execution.frontier", "still_open = self.open(edge.upstream)", "still_open = None"),
    )),
)  # fmt: skip


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Everything runs the mutant meanwhile."""
    with ExitStack() as undo:
        for name in dict.fromkeys(module for module, _, _ in mutant.edits):
            module = importlib.import_module(name)
            codes = _mutated(module, [(old, new) for m, old, new in mutant.edits if m == name])
            for function in _functions(module):
                undo.callback(setattr, function, "__code__", function.__code__)
                function.__code__ = codes[function.__qualname__]
        yield


def _mutated(module: ModuleType, edits: list[tuple[str, str]]) -> dict[str, CodeType]:
    """The code of a module's functions by qualified name, with the text replaced."""
    assert module.__file__ is not None
    text = Path(module.__file__).read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, f"{module.__name__} has {text.count(old)} times: {old}"
        text = text.replace(old, new)
    return dict(_codes(compile(text, module.__file__, "exec", dont_inherit=True)))


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one.co_qualname, one
            yield from _codes(one)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """The functions and methods that the text of a module defines."""
    for value in vars(module).values():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        members = vars(value).values() if inspect.isclass(value) else [value]
        for member in members:
            function = member.fget if isinstance(member, property) else inspect.unwrap(member)
            if (
                isinstance(function, FunctionType)
                and function.__code__.co_filename == module.__file__
            ):
                yield function
