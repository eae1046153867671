"""The operands of one pair of parentheses, and their arrangement by precedence.

A level is first collected flat, because bare-space union beside ``and``, ``or`` or ``not`` is refused with *both*
readings, and the second of them arranges the same operands otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from assets_core.selection.expressions import AllOf, AnyOf, Expression, Not, grouped, spell

_LONGEST_READING = 200


class Joint(Enum):
    """What stands between two operands."""

    SPACE = " "
    OR = "or"
    AND = "and"
    COMMA = ","


@dataclass(frozen=True, slots=True)
class Operand:
    """An operand, and whether ``not`` stands before it."""

    negated: bool
    expression: Expression

    @property
    def value(self) -> Expression:
        """The operand with its ``not``."""
        return Not(self.expression) if self.negated else self.expression


@dataclass(frozen=True, slots=True)
class Level:
    """``joints[i]`` stands between operands i and i + 1."""

    operands: Sequence[Operand]
    joints: Sequence[Joint]

    @property
    def is_ambiguous(self) -> bool:
        """Whether bare spaces stand beside ``and``, ``or`` or ``not``."""
        words = Joint.AND in self.joints or Joint.OR in self.joints
        return Joint.SPACE in self.joints and (words or any(o.negated for o in self.operands))


def arranged(level: Level) -> Expression:
    """Union binds less than intersection; one operand stands for itself."""
    unions: list[list[Expression]] = [[level.operands[0].value]]
    for joint, operand in zip(level.joints, level.operands[1:], strict=True):
        if joint in (Joint.SPACE, Joint.OR):
            unions.append([operand.value])
        else:
            unions[-1].append(operand.value)
    return _any_of([items[0] if len(items) == 1 else AllOf(tuple(items)) for items in unions])


def readings(level: Level) -> tuple[str, str]:
    """Two unambiguous spellings of what an ambiguous level may have meant."""
    first = arranged(level)
    second = arranged(_spaces_first(level))
    if not any(operand.negated for operand in level.operands) and Joint.AND not in level.joints:
        assert isinstance(first, AnyOf)
        return _clipped(spell(first)), _clipped(" ".join(grouped(item) for item in first.items))
    if first == second:
        second = arranged(_spaces_as_and(level))
    return _clipped(spell(first)), _clipped(spell(second))


def _spaces_first(level: Level) -> Level:
    """Spaces bind before the words, a leading ``not`` applies to the whole run."""
    runs: list[tuple[bool, list[Expression]]] = []
    joints: list[Joint] = []
    for joint, operand in zip((None, *level.joints), level.operands, strict=True):
        if joint is Joint.SPACE and not operand.negated:
            runs[-1][1].append(operand.expression)
            continue
        runs.append((operand.negated, [operand.expression]))
        if joint is not None:
            joints.append(joint)
    return Level([Operand(negated, _any_of(items)) for negated, items in runs], joints)


def _spaces_as_and(level: Level) -> Level:
    """``a not b`` may have meant ``a and not b``."""
    return Level(level.operands, [Joint.AND if j is Joint.SPACE else j for j in level.joints])


def _any_of(items: Sequence[Expression]) -> Expression:
    return items[0] if len(items) == 1 else AnyOf(tuple(items))


def _clipped(text: str) -> str:
    return f"`{text}`" if len(text) <= _LONGEST_READING else f"`{text[:_LONGEST_READING]}...`"
