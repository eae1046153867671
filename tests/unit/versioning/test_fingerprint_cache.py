"""The cache of analyses: it makes fingerprints cheap, and nothing that happens to it makes one wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assets_core.model.versions import digest
from assets_core.versioning import sources
from assets_core.versioning.cache import MIN_UNUSED, FingerprintCache

FILES = {
    "shop/orders.py": "from shop.helpers import clean\ndef build(rows):\n    return clean(rows)\n",
    "shop/helpers.py": "LIMIT = 3\ndef clean(rows): return rows[:LIMIT]\n",
}


def cache_file(shop: Any) -> Path:
    (found,) = shop.cache.iterdir()
    assert isinstance(found, Path)
    return found


@pytest.fixture
def cached(shop: Any, tmp_path: Path) -> Any:
    """The project with a cache that was written once, and its fingerprint without one."""
    shop.write(FILES)
    shop.plain = shop.fingerprint()
    shop.cache = tmp_path / "state/cache"
    assert shop.fingerprint() == shop.plain
    return shop


def parsed(shop: Any, monkeypatch: Any) -> int:
    """How many modules the next fingerprint parses."""
    count = [0]
    real = sources.analyse

    def counting(data: bytes) -> Any:
        count[0] += 1
        return real(data)

    monkeypatch.setattr(sources, "analyse", counting)
    assert shop.fingerprint() == shop.plain
    return count[0]


def test_a_second_process_parses_nothing(cached: Any, monkeypatch: Any) -> None:
    assert parsed(cached, monkeypatch) == 0


def test_an_edited_module_alone_is_parsed(cached: Any, monkeypatch: Any) -> None:
    cached.write({"shop/helpers.py": FILES["shop/helpers.py"] + "# a comment\n"})
    assert parsed(cached, monkeypatch) == 1


def test_the_cache_is_private_and_holds_no_code(cached: Any) -> None:
    file = cache_file(cached)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    for line in file.read_text().splitlines():
        _, checksum, body = line.split("\t")
        assert len(checksum) == 32
        json.loads(body)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0" * 4096,
        b"not a cache",
        b"a\tb\tc\n",
        b"\t\t\n\n\t",
        b"\xff\xfe\t\x80\n",
    ],
)
def test_a_damaged_cache_is_computed_again(cached: Any, monkeypatch: Any, damage: bytes) -> None:
    cache_file(cached).write_bytes(damage)
    assert parsed(cached, monkeypatch) == 3
    assert parsed(cached, monkeypatch) == 0


def test_no_flipped_byte_gives_a_wrong_fingerprint(cached: Any) -> None:
    file = cache_file(cached)
    sound = file.read_bytes()
    for position in range(0, len(sound), max(len(sound) // 60, 1)):
        file.write_bytes(sound[:position] + bytes([sound[position] ^ 0x04]) + sound[position + 1 :])
        assert cached.fingerprint() == cached.plain
        file.write_bytes(sound[:position])
        assert cached.fingerprint() == cached.plain


def test_a_line_with_a_true_checksum_and_a_false_shape_is_computed_again(
    cached: Any, monkeypatch: Any
) -> None:
    file = cache_file(cached)
    lines = []
    for line in file.read_text().splitlines():
        key = line.split("\t")[0]
        body = json.dumps([[["x"]], {}, {}, [], {}, False, -1])
        lines.append(f"{key}\t{digest(key, body)}\t{body}\n")
    file.write_text("".join(lines))
    assert parsed(cached, monkeypatch) == 3


def test_a_line_moved_to_another_key_is_not_believed(cached: Any) -> None:
    file = cache_file(cached)
    rows = [line.split("\t", 1) for line in file.read_text().splitlines()]
    values = [value for _, value in rows]
    rotated = zip([key for key, _ in rows], values[1:] + values[:1], strict=True)
    file.write_text("".join(f"{key}\t{value}\n" for key, value in rotated))
    assert cached.fingerprint() == cached.plain


def test_what_is_no_longer_used_goes_once_it_outweighs_the_rest(tmp_path: Path) -> None:
    first = FingerprintCache(tmp_path)
    for number in range(MIN_UNUSED):
        first.put(f"old {number}", number)
    first.save()
    second = FingerprintCache(tmp_path)
    second.put("new", 1)
    second.save()
    assert FingerprintCache(tmp_path).get("old 0") == 0
    third = FingerprintCache(tmp_path)
    third.put("newer", 1)
    third.save()
    assert FingerprintCache(tmp_path).get("old 0") is None
    assert FingerprintCache(tmp_path).get("newer") == 1


def test_a_file_where_the_folder_should_be_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    cache = FingerprintCache(tmp_path / "cache")
    cache.put("key", 1)
    cache.save()
    assert cache.get("key") == 1
