"""What a code fingerprint is made of, kept with the record so that a plan can name the function and the line.

A part is one followed thing: a function, a class body, a method, a statement, a module's effects, a package. The value
of a name is a part of its own whose name ends in ``=`` (``shop.orders.LIMIT=``): when all parts but values are equal,
the bytes are equal and a value changed by itself, which is how ``volatile_value`` is told from an edit.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from blake3 import blake3

from assets_core.errors import DefinitionError, Place
from assets_core.model.versions import CodeVersion


class CodePart(NamedTuple):
    """One followed thing; ``file`` is relative to the project root, ``line`` 0 where there is none.

    A tuple because 10,000 assets hold some 100,000 of them, which are sorted and compared at C speed. Only ``name``
    and ``digest`` enter the version: a function that moves within its file does not change.
    """

    name: str
    file: str
    line: int
    digest: str

    @property
    def is_value(self) -> bool:
        """Whether this is the live value of a name, as opposed to code."""
        return self.name.endswith("=")


@dataclass(frozen=True, slots=True)
class CodeFingerprint:
    """A code version and the sorted parts it was made of; an explicit ``code_version`` has no parts."""

    version: CodeVersion
    parts: tuple[CodePart, ...]


@dataclass(frozen=True, slots=True)
class PartChange:
    """One difference between two fingerprints, at its place in today's files (for ``removed``: where it was)."""

    kind: Literal["added", "removed", "edited", "value"]
    name: str
    file: str
    line: int


def changed_parts(old: Sequence[CodePart], new: Sequence[CodePart]) -> tuple[PartChange, ...]:
    """What differs, edits first, then additions and removals, each by file and line.

    A value whose statement (or anything else that is code) changed too is not listed: the code explains it.
    """
    before, after = _by_name(old), _by_name(new)
    changes: list[PartChange] = []
    for name, parts in after.items():
        known = {part.digest for part in before.get(name, ())}
        fresh = [part for part in parts if part.digest not in known]
        gone = len(before.get(name, ())) > len(parts)
        if fresh or gone:
            kind: Literal["added", "edited"] = "edited" if known else "added"
            changes.append(_change(kind, (fresh or parts)[0]))
    changes.extend(
        _change("removed", parts[0]) for name, parts in before.items() if name not in after
    )
    code = [change for change in changes if change.kind != "value"]
    return tuple(sorted(code or changes, key=_order))


def volatile_parts(planned: Sequence[CodePart], worker: Sequence[CodePart]) -> tuple[CodePart, ...]:
    """The worker's values that differ from the planned ones while all code is equal; empty when code differs too."""
    if [p[::3] for p in planned if not p.is_value] != [p[::3] for p in worker if not p.is_value]:
        return ()
    known = {(part.name, part.digest) for part in planned}
    return tuple(part for part in worker if (part.name, part.digest) not in known)


def volatile_error(part: CodePart) -> DefinitionError:
    """E120 ``volatile_value``: the bytes are equal, and yet importing them gave another value here."""
    return DefinitionError(
        "E120",
        f"`{part.name.rstrip('=')}` has another value in the worker than in the plan, though the code is the same",
        place=Place(part.file, part.line),
        help="compute it inside the asset, read it from config or make it a source: a value that depends on the "
        "time, the environment or a file cannot be part of a code version",
    )


def _by_name(parts: Sequence[CodePart]) -> dict[str, list[CodePart]]:
    grouped: dict[str, list[CodePart]] = defaultdict(list)
    for part in parts:
        grouped[part.name].append(part)
    return grouped


def _change(kind: Literal["added", "removed", "edited"], part: CodePart) -> PartChange:
    shown = "value" if part.is_value else kind
    return PartChange(shown, part.name.rstrip("="), part.file, part.line)


def _order(change: PartChange) -> tuple[int, str, int, str]:
    rank = ("edited", "added", "removed", "value").index(change.kind)
    return rank, change.file, change.line, change.name


def text_digest(text: str) -> str:
    """The digest of one text without newlines inside its items; one hash call, for what is done 10,000 times."""
    return blake3(text.encode("utf-8", "surrogatepass")).hexdigest(16)


def listed(parts: Iterable[CodePart]) -> str:
    """Names and digests as one text; places don't count."""
    return "\n".join([f"{part[0]}\t{part[3]}" for part in parts])


def parts_text(parts: Sequence[CodePart]) -> str:
    """The parts as one canonical text, for the store's content-addressed texts."""
    return json.dumps([list(part) for part in parts], ensure_ascii=False, separators=(",", ":"))


def parts_from_text(text: str) -> tuple[CodePart, ...]:
    """The inverse of ``parts_text``; raises ValueError for anything else."""
    try:
        found = json.loads(text)
        if not isinstance(found, list):
            raise TypeError(type(found))
        return tuple(CodePart(str(n), str(f), int(line), str(d)) for n, f, line, d in found)
    except (TypeError, ValueError) as error:
        raise ValueError("not a list of code parts") from error
