"""Explanations are found by code and fit a terminal."""

from __future__ import annotations

import re

import pytest

from assets_core.explanations import EXPLANATIONS, parse_explanations


def test_a_code_leads_to_a_title_and_a_text() -> None:
    found = EXPLANATIONS["E103"]
    assert found.title == "An asset depends on something that is not defined"
    assert '`Annotated[T, Input("the/key")]`' in found.text


def test_sections_are_in_order_of_code_and_none_is_empty() -> None:
    assert list(EXPLANATIONS) == sorted(EXPLANATIONS)
    for code, found in EXPLANATIONS.items():
        assert re.fullmatch(r"E\d{3}", code)
        assert found.title[0].isupper() or found.title[0] == "`", code
        assert not found.title.endswith("."), code
        assert found.text.endswith("."), code
        assert max(map(len, found.text.splitlines())) <= 130, code


def test_codes_that_are_named_in_a_text_are_explained() -> None:
    named = {code for found in EXPLANATIONS.values() for code in re.findall(r"E\d{3}", found.text)}
    assert named <= set(EXPLANATIONS)


def test_a_code_is_explained_once() -> None:
    with pytest.raises(ValueError, match="E101 is explained twice"):
        parse_explanations("# x\n## E101 a\nb.\n## E101 c\nd.\n")
