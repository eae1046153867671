"""A module as plain data: its units (definitions, values, effects), what each names, and what its names are bound to.

It depends on the bytes alone, so it is cached under their digest: nothing in here knows the module's name, its place
or other modules. Everything turns into JSON lists and back.

A *reference* is a dotted chain as written, rooted in a global name (``helpers.clean``), or in an import made inside a
function (``<2:helpers:clean:0>.x`` is ``clean.x`` after ``from ..helpers import clean``).
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Kind = Literal["function", "method", "class", "value", "effects"]


class Import(NamedTuple):
    """``from <level dots><module> import <attr>``; attr ``""`` is ``import module``, ``whole`` when bound by ``as``.

    ``runtime`` is False under ``if TYPE_CHECKING``, where the module is named but never imported.
    """

    level: int
    module: str
    attr: str
    whole: bool
    runtime: bool

    def reference(self) -> str:
        """The root of a reference to this import."""
        return f"<{self.level}:{self.module}:{self.attr}:{int(self.whole)}>"


class Decorator(NamedTuple):
    """A decorator, kept apart because whether it is one of ours is known only once its name is resolved."""

    chain: str
    digest: str
    refs: tuple[str, ...]
    attrs: tuple[str, ...]


class Unit(NamedTuple):
    """One followed thing. ``first`` and ``last`` are its lines with decorators, ``line`` is the one to show."""

    name: str
    kind: Kind
    line: int
    first: int
    last: int
    digest: str
    hints_digest: str
    """The text of the annotations that don't count by themselves; ``""`` where there are none."""
    decorators: tuple[Decorator, ...]
    refs: tuple[str, ...]
    hints: tuple[str, ...]
    """References in annotations: followed, but nothing breaks where they don't resolve."""
    attrs: tuple[str, ...]
    """Attributes taken from receivers that are not known; ``*`` stands for any (a non-constant ``getattr``)."""
    binds: tuple[str, ...]
    """The global names it binds."""
    params: tuple[str, ...]
    """Parameters of all functions in it: a closure may hold what a caller passed for one."""
    imports: tuple[Import, ...]
    """Imports that run when it is called."""
    alias: str
    """``X = chain`` or ``X = partial(chain, ...)``: the chain, so that an alias of our decorators is one of ours."""
    owner: int
    """For a method the index of its class, else -1."""
    evaluated_defaults: bool
    """A parameter's default is more than a literal, so its live value counts too."""


class Analysis(NamedTuple):
    """A whole module. ``members`` maps an attribute to the units that a receiver's class may get it from."""

    units: tuple[Unit, ...]
    bindings: dict[str, tuple[int, ...]]
    imported: dict[str, tuple[Import, ...]]
    imports: tuple[Import, ...]
    members: dict[str, tuple[int, ...]]
    star: bool
    effects: int
    """The index of the unit of top-level effects, -1 where there are none."""


def parse_reference(reference: str) -> tuple[Import | None, list[str]]:
    """The import it is rooted in, if any, and the names of the chain."""
    if not reference.startswith("<"):
        return None, reference.split(".")
    head, _, rest = reference[1:].partition(">")
    level, module, attr, whole = head.split(":")
    names = rest[1:].split(".") if rest else []
    return Import(int(level), module, attr, whole == "1", True), names


def from_plain(raw: Any) -> Analysis:
    """An analysis from its JSON lists; raises TypeError, ValueError or AttributeError for anything else."""
    units, bindings, imported, imports, members, star, effects = raw
    return Analysis(
        tuple(_unit(unit) for unit in units),
        {name: tuple(found) for name, found in bindings.items()},
        {name: tuple(Import(*item) for item in found) for name, found in imported.items()},
        tuple(Import(*item) for item in imports),
        {name: tuple(found) for name, found in members.items()},
        bool(star),
        int(effects),
    )


def _unit(raw: Any) -> Unit:
    (
        name,
        kind,
        line,
        first,
        last,
        digest,
        hints_digest,
        decorators,
        refs,
        hints,
        attrs,
        binds,
        params,
    ) = raw[:13]
    imports, alias, owner, evaluated = raw[13:]
    return Unit(
        name,
        kind,
        line,
        first,
        last,
        digest,
        hints_digest,
        tuple(Decorator(c, d, tuple(r), tuple(a)) for c, d, r, a in decorators),
        tuple(refs),
        tuple(hints),
        tuple(attrs),
        tuple(binds),
        tuple(params),
        tuple(Import(*item) for item in imports),
        alias,
        owner,
        evaluated,
    )
