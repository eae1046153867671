"""Keys of dynamic partitions definitions: which facts a change makes, and what is live after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def dynamic_facts(
    keys: Mapping[str, tuple[int, bool]], add: Sequence[str], remove: Sequence[str]
) -> list[tuple[str, int, bool]]:
    """(key, ordinal, live) facts; a key keeps its ordinal for ever, also when it is removed and added again."""
    free = 1 + max((ordinal for ordinal, _ in keys.values()), default=-1)
    facts, known = [], dict(keys)
    for key in remove:
        if key in known and known[key][1]:
            known[key] = (known[key][0], False)
            facts.append((key, known[key][0], False))
    for key in add:
        if key in known and known[key][1]:
            continue
        ordinal = known[key][0] if key in known else free
        free = max(free, ordinal + 1)
        known[key] = (ordinal, True)
        facts.append((key, ordinal, True))
    return facts


def dynamic_live(keys: Mapping[str, tuple[int, bool]]) -> list[tuple[int, str]]:
    """(ordinal, key) of those that are not removed, by ordinal."""
    return sorted((ordinal, key) for key, (ordinal, live) in keys.items() if live)
