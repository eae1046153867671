"""Materializers, check evaluators and executors, found through entry points: the bundled ones like anyone's.

An entry point names a class (or any callable without arguments) that makes the instance; executors are made with the
context they run in. Names are unique; a second distribution with the same name is an error that names both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from assets_core.errors import ConfigError
from assets_core.ports import Check, Materializer

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

MATERIALIZERS = "assets_core.materializers"
CHECKS = "assets_core.checks"
EXECUTORS = "assets_core.executors"
INLINE = "inline"
"""The executor that is no entry point: it takes the runner's own project instead of loading one."""


@cache
def found(group: str) -> Mapping[str, EntryPoint]:
    """The entry points of one group by name; raises ConfigError E420 where two distributions give the same name."""
    from importlib.metadata import entry_points

    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        known = points.get(point.name)
        if known is not None and known.value != point.value:
            raise ConfigError(
                "E420",
                f"two installed packages provide `{point.name}` for `{group}`: {known.value} and {point.value}",
                help="uninstall one of them",
            )
        points[point.name] = point
    return points


class _Lazy(Mapping[str, Any]):
    """Instances by name, each made when it is first asked for: naming a materializer imports no other."""

    def __init__(self, group: str) -> None:
        self._points = found(group)
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._points[name].load()()
        return self._made[name]

    def __iter__(self) -> Any:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)


def materializers() -> Mapping[str, Materializer]:
    """Every installed materializer."""
    return _Lazy(MATERIALIZERS)


def evaluators() -> Mapping[str, Check]:
    """Every installed kind of check."""
    return _Lazy(CHECKS)


def executor_names() -> list[str]:
    """Every executor that may be named."""
    return sorted([*found(EXECUTORS), INLINE])


def executor_factory(name: str) -> Callable[..., Any]:
    """The executor of that name; raises ConfigError E421 naming the installed ones."""
    points = found(EXECUTORS)
    if name not in points:
        known = ", ".join(executor_names())
        raise ConfigError("E421", f"there is no executor `{name}`", help=f"installed: {known}")
    factory: Callable[..., Any] = points[name].load()
    return factory
