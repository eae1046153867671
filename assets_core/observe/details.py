"""What changed behind a reason: the functions that were edited, the config keys that differ.

Plans carry versions only; the texts behind them are content-addressed in the store and looked up for what is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from assets_core.declare.secrets import MASK
from assets_core.model.json import JSON
from assets_core.model.plans import CodeChanged, ConfigChanged, Plan
from assets_core.versioning.parts import PartChange, changed_parts, parts_from_text


@dataclass(frozen=True, slots=True)
class CodeEdit:
    """One edited thing by the name people know it by, where it stands (``line`` 0: no line of its own)."""

    kind: str
    """``edited``, ``added``, ``removed`` or ``value``."""
    name: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Details:
    """By (recorded, today's) version; a pair that is absent has no details to show."""

    code: Mapping[tuple[str, str], tuple[CodeEdit, ...]] = field(default_factory=dict)
    config: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


NO_DETAILS = Details()


def versions_to_explain(plan: Plan) -> frozenset[str]:
    """The versions whose texts ``details`` needs: recorded ones from the store, today's from the versioner."""
    return frozenset(
        version for pair in _pairs(plan, CodeChanged, ConfigChanged) for version in pair
    )


def details(plan: Plan, texts: Mapping[str, str]) -> Details:
    """The details of a plan's reasons, from those texts that are known."""
    code = {
        pair: _code_edits(texts[pair[0]], texts[pair[1]])
        for pair in _pairs(plan, CodeChanged)
        if pair[0] in texts and pair[1] in texts
    }
    config = {
        pair: _config_keys(json.loads(texts[pair[0]]), json.loads(texts[pair[1]]))
        for pair in _pairs(plan, ConfigChanged)
        if pair[0] in texts and pair[1] in texts
    }
    return Details(code, config)


def _pairs(plan: Plan, *kinds: type[CodeChanged] | type[ConfigChanged]) -> list[tuple[str, str]]:
    reasons = (reason for step in plan.steps for reason in step.reasons)
    changes = (reason for reason in reasons if isinstance(reason, kinds))
    return list(dict.fromkeys((str(change.old), str(change.new)) for change in changes))


def _code_edits(old: str, new: str) -> tuple[CodeEdit, ...]:
    before, after = parts_from_text(old), parts_from_text(new)
    values = {part.name.rstrip("=") for part in (*before, *after) if part.is_value}
    return tuple(_edit(change, values) for change in changed_parts(before, after))


def _edit(change: PartChange, values: set[str]) -> CodeEdit:
    return CodeEdit(change.kind, _known_name(change, values), change.file, change.line)


def _known_name(change: PartChange, values: set[str]) -> str:
    """Without the module, which the file says; functions and methods with their parentheses."""
    if not change.file.endswith(".py"):
        return change.name
    module = change.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    name = change.name
    for prefix in (module, module.removeprefix("src.")):
        name = name.removeprefix(f"{prefix}.")
    last = name.rpartition(".")[2]
    if not last.isidentifier():
        return last.strip("<>") if last.startswith("<") else name
    is_function = change.name not in values and not last[:1].isupper()
    return f"{name}()" if is_function else name


def _config_keys(old: JSON, new: JSON) -> tuple[str, ...]:
    """The keys that differ; where none does, what differs is a password in one of those that are kept masked."""
    return _changed_keys(old, new) or tuple(_masked_keys(new))


def _masked_keys(value: JSON, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in sorted(value.items()):
            yield from _masked_keys(item, f"{key}.{name}" if key else name)
    elif MASK in json.dumps(value):
        yield key


def _changed_keys(old: JSON, new: JSON, prefix: str = "") -> tuple[str, ...]:
    """Dotted keys whose values differ, absent ones included."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return (prefix,) if old != new else ()
    found: list[str] = []
    for key in sorted({*old, *new}):
        dotted = f"{prefix}.{key}" if prefix else key
        if key in old and key in new:
            found.extend(_changed_keys(old[key], new[key], dotted))
        else:
            found.append(dotted)
    return tuple(found)
