"""Every code that is raised is explained, and nothing is explained that is never raised."""

from __future__ import annotations

import ast
import re

from tests.architecture.tree import PACKAGES, files, parsed, shown

CODE = re.compile(r"E\d{3}")


def explained() -> set[str]:
    from assets_core.explanations import EXPLANATIONS

    return set(EXPLANATIONS)


def raised() -> dict[str, list[str]]:
    """The places that name each code."""
    found: dict[str, list[str]] = {}
    for path in files(*PACKAGES, suffix=".py"):
        if shown(path) == "assets_core/explanations.py":
            continue
        for node in ast.walk(parsed(path)):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and CODE.fullmatch(node.value)
            ):
                found.setdefault(node.value, []).append(f"{shown(path)}:{node.lineno}")
    return found


def test_every_code_raised_is_explained() -> None:
    known = explained()
    assert {code: places for code, places in raised().items() if code not in known} == {}


def test_every_explanation_belongs_to_a_code_that_is_raised() -> None:
    assert explained() - set(raised()) == set()


def test_two_packages_never_use_one_code_for_causes_of_their_own() -> None:
    owners = {
        code: {place.partition("/")[0] for place in places} for code, places in raised().items()
    }
    assert {code: sorted(names) for code, names in owners.items() if len(names) > 1} == {}
