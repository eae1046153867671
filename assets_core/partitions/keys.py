"""Partition keys: which texts are keys, and an injective codec between keys and names of files.

A key is identity and is never parsed for meaning. Any text is allowed that can be shown on one line and typed back:
``..``, ``/``, ``-rf``, ``[/x]``, emoji and case twins are keys; control and bidirectional characters are not, because
they make a terminal show something else than what is stored. Paths come from ``key_to_path`` alone and stay distinct on
filesystems that fold case, normalise Unicode, strip trailing dots or reserve names.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from assets_core.errors import CorruptionError, DefinitionError, Place

MAX_KEY_BYTES = 512
MAX_PATH_BYTES = 255
UNPARTITIONED_PATH = "_"
"""The segment of the unpartitioned key ``""``; the key ``_`` itself is escaped."""

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_.=+@")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_TAIL_HEX = 40
_TAIL = "%-"
"""What introduces a hashed tail: no escape starts like it."""


def check_key(text: str, *, place: Place | None = None) -> str:
    """``text`` itself when it may be a partition key, else DefinitionError E201 saying which rule it breaks."""
    problem = key_problem(text)
    if problem is None:
        return text
    raise DefinitionError(
        "E201",
        f"{shown(text)} is not a partition key: {problem}",
        place=place,
        help="a partition key is 1-512 bytes of UTF-8 in Unicode normal form C, without control or "
        "bidirectional characters",
    )


def key_problem(text: object) -> str | None:
    """Why ``text`` can't be a partition key; None when it can."""
    if not isinstance(text, str):
        return f"it is a {type(text).__name__}, not text"
    if not text:
        return "it is empty"
    if text.isascii() and text.isprintable() and len(text) <= MAX_KEY_BYTES:
        return None
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "it holds half of a surrogate pair"
    if size > MAX_KEY_BYTES:
        return f"it is {size} bytes long, at most {MAX_KEY_BYTES} are allowed"
    for char in text:
        if char in _BIDI:
            return f"it holds the bidirectional control U+{ord(char):04X}"
        if unicodedata.category(char) in {"Cc", "Zl", "Zp"}:
            return f"it holds the control character U+{ord(char):04X}"
    if not unicodedata.is_normalized("NFC", text):
        composed = unicodedata.normalize("NFC", text)
        return f"it is not in Unicode normal form C; write it as {composed!a}"
    return None


def shown(text: object) -> str:
    """``text`` in backquotes, escaped and cut so that it is safe in a message whatever it holds."""
    plain = str(text)
    if any(not char.isprintable() or char in _BIDI for char in plain[:80]):
        plain = ascii(plain[:80])[1:-1]
    return f"`{plain[:80]}...`" if len(plain) > 80 else f"`{plain}`"


def key_to_path(text: str) -> str:
    """One path segment for a key, at most 255 ASCII bytes; ``""`` (unpartitioned) has a segment of its own.

    Different keys have different segments, also after case folding: upper case, and whatever is not in
    ``a-z 0-9 - _ . = + @``, is escaped byte by byte as ``%xx``. A long key keeps its beginning and ends in a hash.
    """
    if not text:
        return UNPARTITIONED_PATH
    raw = text.encode()
    parts = [chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in raw]
    plain = "".join(parts)
    if parts[0] in {".", "-"} or plain == UNPARTITIONED_PATH or _RESERVED.fullmatch(plain):
        parts[0] = f"%{raw[0]:02x}"
    if parts[-1] == ".":
        parts[-1] = "%2e"
    path = "".join(parts)
    return path if len(path) <= MAX_PATH_BYTES else _hashed(parts, raw)


def _hashed(parts: list[str], raw: bytes) -> str:
    room = MAX_PATH_BYTES - len(_TAIL) - _TAIL_HEX
    head = ""
    for part in parts:
        if len(head) + len(part) > room:
            break
        head += part
    return f"{head}{_TAIL}{hashlib.blake2b(raw, digest_size=_TAIL_HEX // 2).hexdigest()}"


def path_to_key(path: str) -> str | None:
    """The key of a segment that ``key_to_path`` made; None where it ends in a hash, which can't be undone.

    CorruptionError E291 for any other name: a foreign file is never taken for a partition.
    """
    if path == UNPARTITIONED_PATH:
        return ""
    if len(path) > _TAIL_HEX and path[-_TAIL_HEX - len(_TAIL) :].startswith(_TAIL):
        return None
    try:
        raw = re.sub(rb"%([0-9a-f]{2})", _unescape, path.encode("ascii"))
        key = raw.decode()
    except UnicodeError:
        key = ""
    if not key or key_to_path(key) != path:
        raise CorruptionError("E291", f"{shown(path)} is not the name of a partition")
    return key


def _unescape(match: re.Match[bytes]) -> bytes:
    return bytes([int(match.group(1), 16)])
