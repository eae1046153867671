"""Which texts are partition keys, and that their paths never collide (row 22 of the fault matrix)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assets_core.errors import CorruptionError, DefinitionError
from assets_core.partitions import (
    MultiPartitions,
    StaticPartitions,
    check_key,
    key_to_path,
    path_to_key,
)
from assets_core.partitions.keys import MAX_KEY_BYTES, key_problem

HOSTILE = [
    ".",
    "..",
    "/",
    "\\",
    "../../etc/passwd",
    "a/b",
    "CON",
    "con",
    "nul.txt",
    "com1",
    "LPT9.a.b",
    "aux",
    "a",
    "A",
    "_",
    "%",
    "%2e",
    "%2E",
    "%41",
    "-rf",
    "--",
    "'; drop table x",
    "[/x]",
    "=cmd()",
    "<script>",
    " ",
    "a ",
    "a.",
    "a..",
    ".a",
    "😀",
    "🏳️\u200d🌈",
    "é",
    "É",
    "ß",
    "ss",
    "ſ",
    "İ",
    "中" * 170,
    "x" * 512,
    "X" * 512,
    "x" * 511 + "y",
    "😀" * 128,
    "~",
    "$HOME",
    "`id`",
    "a\xa0b",
    "key:a",
    "a,b",
    "a=b",
    "\\,",
]
keys = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=40),
    st.text(alphabet="aAbB.%-_ /é", max_size=12),
    st.text(alphabet="xX%", min_size=200, max_size=300),
).filter(lambda text: key_problem(text) is None)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_but_printable_texts_are_keys(text):
    assert check_key(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("a\x00b", "U+0000"),
        ("a\nb", "U+000A"),
        ("\x7f", "U+007F"),
        ("\x85", "U+0085"),
        ("\u2028", "U+2028"),
        ("a\u202eb", "bidirectional control U+202E"),
        ("\u2067", "bidirectional control U+2067"),
        ("\u200f", "bidirectional control U+200F"),
        ("\ud800", "surrogate"),
        ("e\u0301", "normal form C"),
        ("x" * 513, "513 bytes"),
        ("x" * 10_000, "10000 bytes"),
        ("😀" * 129, "516 bytes"),
        (7, "int"),
    ],
)
def test_texts_that_can_not_be_shown_and_typed_back_are_refused(text, why):
    with pytest.raises(DefinitionError, match="is not a partition key") as caught:
        check_key(text)
    assert why in caught.value.message
    assert caught.value.message.isprintable()


@given(st.lists(keys, min_size=2, max_size=20, unique=True))
@example([*dict.fromkeys(HOSTILE)])
def test_paths_stay_distinct_on_filesystems_that_fold_or_normalise(texts):
    paths = [key_to_path(text) for text in ["", *texts]]
    folded = {unicodedata.normalize("NFD", path.upper()).rstrip(". ") for path in paths}
    assert len(folded) == len(paths)


@given(keys)
@example("x" * 512)
@example("CON")
def test_a_path_is_one_safe_segment_and_gives_its_key_back(text):
    path = key_to_path(text)
    assert 1 <= len(path.encode()) <= 255
    assert path.isascii()
    assert path.isprintable()
    assert path not in {".", ".."}
    assert not set(path) & set("/\\:*?\"<>| '~$`;&[](){}!#")
    assert path[0] not in ".-~"
    assert path.split(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    undone = path_to_key(path)
    assert undone == text or (undone is None and len(text.encode()) > 80)


def test_the_unpartitioned_key_has_a_path_of_its_own():
    assert path_to_key(key_to_path("")) == ""
    assert key_to_path("_") != key_to_path("")


@pytest.mark.parametrize(
    "name", ["A", "%4", "%zz", "%41x%", "a b", "con", "..", "%ff", ".a", "a.", "é", ""]
)
def test_a_foreign_name_is_never_taken_for_a_partition(name):
    with pytest.raises(CorruptionError):
        path_to_key(name)


@given(st.lists(keys.filter(lambda k: len(k.encode()) < 200), min_size=1, max_size=8, unique=True))
def test_keys_of_several_dimensions_are_read_back_whatever_they_hold(names):
    both = MultiPartitions(
        {"a": StaticPartitions(names), "b": StaticPartitions(["x", "y,z=1", "\\"])}
    )
    everything = both.defined(*both.span)
    texts = both.keys(everything)
    assert len(set(texts)) == len(names) * 3
    assert both.ordinals(texts).tolist() == list(everything)
    assert {both.dims(ordinal)["a"] for ordinal in everything} == set(names)


@given(st.text(alphabet="a,=\\d", max_size=12))
def test_a_malformed_multi_key_is_unknown_and_never_an_exception(text):
    both = MultiPartitions({"a": StaticPartitions(["d"]), "d": StaticPartitions(["a", ","])})
    found, known = both.find([text])
    assert not known[0] or both.key(int(found[0])) in {"a=d,d=a", "a=d,d=\\,"}


def test_the_limit_counts_bytes_and_is_met_exactly():
    assert check_key("é" * (MAX_KEY_BYTES // 2))
    with pytest.raises(DefinitionError):
        check_key("é" * (MAX_KEY_BYTES // 2) + "a")
