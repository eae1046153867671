"""What reaches a terminal can't take it over, and can't show something else than what is stored."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets_core.safe_text import safe_text

CASES = {
    "plain": "plain",
    "café 日本 😀 👨‍👩‍👧 نص": "café 日本 😀 👨‍👩‍👧 نص",
    "bad[/x]": "bad[/x]",
    "a\x1b[31mred": "a\\x1b[31mred",
    "\x1b]0;title\x07": "\\x1b]0;title\\x07",
    "a\x9b31m": "a\\x9b31m",
    "one\ntwo\r\tthree": "one\\ntwo\\r\\tthree",
    "nul\x00del\x7f": "nul\\x00del\\x7f",
    "evil\u202egnp.exe": "evil\\u202egnp.exe",
    "\u2066x\u2069": "\\u2066x\\u2069",
    "zero\u200bwidth\ufeff": "zero\\u200bwidth\\ufeff",
    "line\u2028sep": "line\\u2028sep",
    "half\ud800": "half\\ud800",
    "tag\U000e0041": "tag\\U000e0041",
}


@pytest.mark.parametrize("text", CASES, ids=ascii)
def test_what_can_not_be_shown_is_shown_as_its_escape(text: str) -> None:
    assert safe_text(text) == CASES[text]


def test_lines_keep_their_ends_and_tabs_but_no_carriage_return() -> None:
    assert safe_text("a\tb\nc\rd\x1b", lines=True) == "a\tb\nc\\rd\\x1b"


anything = st.text(st.characters(codec=None))


@given(anything)
def test_what_comes_out_is_encodable_safe_and_stays_as_it_is(text: str) -> None:
    safe = safe_text(text)
    safe.encode()
    assert not any(unicodedata.category(char) in {"Cc", "Zl", "Zp", "Cs"} for char in safe)
    assert not any(
        unicodedata.bidirectional(char) in {"LRE", "RLE", "LRO", "RLO", "PDF"} for char in safe
    )
    assert safe_text(safe) == safe
