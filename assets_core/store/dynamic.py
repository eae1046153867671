"""Keys of dynamic partitions definitions: which facts a change makes, and what there is after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assets_core.partitions import DynamicKey


def dynamic_facts(
    keys: Mapping[str, tuple[int, bool]], add: Sequence[str], remove: Sequence[str]
) -> list[DynamicKey]:
    """What changes; a key keeps its ordinal for ever, also when it is removed and added again."""
    free = 1 + max((ordinal for ordinal, _ in keys.values()), default=-1)
    facts, known = [], dict(keys)
    for key in remove:
        if key in known and known[key][1]:
            known[key] = (known[key][0], False)
            facts.append(DynamicKey(known[key][0], key, live=False))
    for key in add:
        if key in known and known[key][1]:
            continue
        ordinal = known[key][0] if key in known else free
        free = max(free, ordinal + 1)
        known[key] = (ordinal, True)
        facts.append(DynamicKey(ordinal, key))
    return facts


def dynamic_keys(keys: Mapping[str, tuple[int, bool]]) -> tuple[DynamicKey, ...]:
    """Every key that was ever added, by ordinal."""
    return tuple(sorted(DynamicKey(ordinal, key, live) for key, (ordinal, live) in keys.items()))
