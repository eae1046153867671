"""Values as data, packages, config: what goes into versions beside code."""

# ruff: noqa: E501 - tables read best with a row on a line

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import os
import re
import subprocess
import sys
import threading
import uuid
import zoneinfo
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel, SecretStr

from assets_core.errors import AssetsError
from assets_core.versioning.config import config_version
from assets_core.versioning.packages import package_parts
from assets_core.versioning.parts import CodePart, parts_from_text, parts_text
from assets_core.versioning.values import Value

REPOSITORY = Path(__file__).parents[3]


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Options:
    limit: int
    names: tuple[str, ...] = ()


class Model(BaseModel):
    limit: int


class Token(BaseModel):
    secret: SecretStr


def value(item: object, root: str = "/nowhere") -> Value:
    found = Value(root, lambda code: isinstance(code, type(len) | type(value) | type))
    found.write(item)
    return found


DIFFERENT: list[object] = [
    None, True, False, 0, 1, -1, 2**70, 0.0, -0.0, 1.0, float("inf"), float("nan"), 1j, "", "1", "a", b"", b"a",
    bytearray(b"a"), (), (1,), (1, 2), ((1,), 2), (1, (2,)), [], [1], [1, 2], [2, 1], set(), {1}, {1, 2}, frozenset({1}),
    {}, {1: 2}, {2: 1}, {1: 2, 3: 4}, {3: 4, 1: 2}, {"a": {}}, range(3), range(4), slice(1), ..., Colour.RED, Colour.BLUE,
    Point(1, 2), Point(2, 1), Options(1), Options(2), Options(1, ("a",)), Model(limit=1), Model(limit=2),
    datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    datetime.datetime(2020, 1, 1, fold=1), datetime.timedelta(1), datetime.time(1), zoneinfo.ZoneInfo("UTC"),
    zoneinfo.ZoneInfo("Europe/Paris"), decimal.Decimal("1.0"), decimal.Decimal("1.00"), uuid.UUID(int=1),
    re.compile("a"), re.compile("a", re.IGNORECASE), re.compile(b"a"), PurePosixPath("a"), PurePosixPath("a/b"),
    collections.OrderedDict({1: 2}), collections.deque([1]), collections.defaultdict(list), collections.defaultdict(set),
    len, sum, int, float, "\ud800", "/nowhere", "/nowhere/a", "/nowherea",
]  # fmt: skip


def test_different_values_have_different_digests() -> None:
    digests = [value(item).digest() for item in DIFFERENT]
    twins = [
        (DIFFERENT[a], DIFFERENT[b])
        for a in range(len(digests))
        for b in range(a)
        if digests[a] == digests[b]
    ]
    assert twins == []
    assert not any(value(item).opaque for item in DIFFERENT)


def test_equal_values_have_equal_digests() -> None:
    for make in (
        lambda: {"b", "a", "c", 1},
        lambda: {1: [2, (3,)]},
        lambda: Options(1, ("a",)),
        lambda: Model(limit=3),
    ):
        assert value(make()).digest() == value(make()).digest()


def test_sets_have_the_same_digest_in_every_process() -> None:
    script = """if True:
        from assets_core.versioning.values import Value
        value = Value("/", lambda item: False)
        value.write([{str(n) for n in range(50)}, frozenset({"x", 1, None, (2, "y")})])
        print(value.digest())"""
    digests = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout)
    assert len(digests) == 1


def test_paths_below_the_root_are_relative_to_it() -> None:
    for make in (str, Path, lambda path: {"a": [path]}):
        assert (
            value(make("/one/a.csv"), "/one").digest()
            == value(make("/two/b/a.csv"), "/two/b").digest()
        )
        assert (
            value(make("/one/a.csv"), "/one").digest()
            != value(make("/oneself/a.csv"), "/one").digest()
        )


def test_a_value_that_holds_itself_ends() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    other: list[Any] = [1]
    other.append([other])
    assert value(loop).digest() != value(other).digest()


def test_objects_that_are_no_data_are_opaque() -> None:
    assert value(object()).opaque
    assert not value(object()).plain
    assert value([object()]).opaque
    assert not value(threading.Lock()).opaque
    assert (
        value(Token(secret=SecretStr("a"))).digest() == value(Token(secret=SecretStr("b"))).digest()
    )


def test_code_in_a_value_is_handed_back() -> None:
    assert value({"a": [len, (int,)]}).code == [len, int]


# -- config


def test_config_versions_depend_on_values_and_not_on_their_order() -> None:
    first = config_version({"a": 1, "b": {"c": [1, None, "x", 1.5]}})
    assert first == config_version({"b": {"c": [1, None, "x", 1.5]}, "a": 1})
    assert len(first) == 32
    others = [{}, {"a": 1}, {"a": 1.0}, {"a": True}, {"a": "1"}, {"a": None}, {"a": [1]}]
    assert len({first, *map(config_version, others)}) == len(others) + 1


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"a": {"b": [SecretStr("hunter2")]}}, "`config.a.b[0]` cannot be versioned: secrets are not versioned; put it into a Connection"),
        ({"a": float("nan")}, "`config.a` cannot be versioned: a number must be finite"),
        ({"a": [1, float("-inf")]}, "`config.a[1]` cannot be versioned: a number must be finite"),
        ({"a": b"x"}, "`config.a` cannot be versioned: bytes is not a JSON value"),
        ({"a": {1: 2}}, "`config.a` cannot be versioned: the key 1 is not text"),
        ({"a": datetime.date(2020, 1, 1)}, "`config.a` cannot be versioned: date is not a JSON value"),
    ],
)  # fmt: skip
def test_what_is_no_config_is_refused_with_its_path(bad: dict[str, Any], message: str) -> None:
    with pytest.raises(AssetsError) as caught:
        config_version(bad)
    assert (caught.value.code, caught.value.message) == ("E123", message)
    assert "hunter2" not in str(caught.value)


# -- packages


def installed(
    folder: Path, version: str = "1.0", content: str = "x", editable: bool = False
) -> None:
    """A distribution as pip leaves it."""
    info = folder / "thing-1.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")
    (folder / "thing.py").write_text(f"# {content}\n")
    (info / "direct_url.json").write_text('{"dir_info": {"editable": true}}' if editable else "{}")
    record = f"thing.py,sha256={content},1\n__pycache__/thing.pyc,,\nthing-1.dist-info/RECORD,,\n../../bin/thing,sha256=p,1\n"
    (info / "RECORD").write_text("" if editable else record)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: Any) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    installed(tmp_path)
    return tmp_path


@pytest.mark.parametrize("change", [{"version": "1.1"}, {"content": "y"}, {"editable": True}])
def test_a_listed_package_counts_by_version_and_content(site: Path, change: dict[str, Any]) -> None:
    before = package_parts(["thing"])
    installed(site)
    assert package_parts(["thing"]) == before
    installed(site, **change)
    assert package_parts(["thing"]) != before


def test_an_editable_package_counts_by_its_files(site: Path) -> None:
    installed(site, editable=True)
    before = package_parts(["thing"])
    installed(site, editable=True, content="y")
    assert package_parts(["thing"]) != before


def test_installed_packages_are_found_and_unknown_ones_refused() -> None:
    names = [part.name for part in package_parts(["pytest", "blake3", "pytest"])]
    assert names == ["package blake3", "package pytest"]
    with pytest.raises(AssetsError) as caught:
        package_parts(["no-such-package"])
    assert (caught.value.code, caught.value.exit_code) == ("E121", 2)


def test_listed_packages_are_parts_of_every_function(shop: Any) -> None:
    shop.write({"shop/orders.py": "def build(): return 1\n"})
    plain, listed = shop.fingerprint(), shop.fingerprint(packages=("blake3",))
    assert plain.version != listed.version
    assert [part.name for part in listed.parts] == ["package blake3", "shop.orders.build"]


def test_parts_are_kept_as_text() -> None:
    parts = (CodePart("a.b", "a.py", 3, "0" * 32), CodePart("a.c=", "ä.py", 0, "1" * 32))
    assert parts_from_text(parts_text(parts)) == parts
    for text in ("", "{}", "[[1]]", '["abc"]', "null"):
        with pytest.raises(ValueError, match="code parts"):
            parts_from_text(text)
