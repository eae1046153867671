"""Every key that tomllib sees has its place, whatever surrounds it."""

from __future__ import annotations

import tomllib

import pytest

from assets_core.errors import Place
from assets_core.settings.toml_places import TomlPlaces

TRICKY = '''\
# [not.a.table]
top = "x = 1 # not a comment" # comment with "quotes" and [brackets
'single key' = """
fake = 1
[fake]
""\\""""""
"quoted \\u00e9" = ~~~it's
[also.fake]~~~
dates = 1979-05-27 07:32:00Z
list = [
  "a", # ] not the end
  { inside = 1, deep = { er = [1, 2] } },
  ["b=1"],
]
inline = { a.b = 1, "c d" = "}" , e = [ "]" ] }
dotted . key . path=true

[ table . "sub.table" ]
x = 1.5
[[many]]
y = 1
[[many]]
y = 2
z.w = inf
'''.replace("~~~", "'" * 3)


def _paths(table: dict[str, object], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, value in table.items():
        items = value if isinstance(value, list) else [value]
        found.append((*prefix, name))
        for item in items:
            if isinstance(item, dict) and (prefix, name) != ((), "list"):
                found.extend(_paths(item, (*prefix, name)))
    return found


def test_every_key_of_a_document_is_found() -> None:
    places = TomlPlaces(TRICKY, "f.toml")
    lines = TRICKY.splitlines()
    paths = _paths(tomllib.loads(TRICKY))
    assert len(paths) > 20
    for path in paths:
        place = places.key(path)
        written = lines[place.line - 1][place.column - 1 :][: place.length]
        spelled = str(tomllib.loads(f"k = {written}")["k"]) if written[0] in "\"'" else written
        assert spelled == path[-1]


VALUES = [
    (("top",), '"x = 1 # not a comment"'),
    (("dates",), "1979-05-27 07:32:00Z"),
    (("list",), "["),
    (("inline", "a", "b"), "1"),
    (("inline", "c d"), '"}"'),
    (("dotted", "key", "path"), "true"),
    (("table", "sub.table", "x"), "1.5"),
]


@pytest.mark.parametrize(("path", "written"), VALUES)
def test_the_first_line_of_a_value_is_underlined(path: tuple[str, ...], written: str) -> None:
    place = TomlPlaces(TRICKY, "f.toml").value(path)
    assert TRICKY.splitlines()[place.line - 1][place.column - 1 :][: place.length] == written


def test_a_path_that_is_not_there_gives_the_nearest_table() -> None:
    places = TomlPlaces("[a.b]\nc = 1\n", "f.toml")
    assert places.value(("a", "b", "zzz")) == Place("f.toml", 1, 4, 1)
    assert places.value(("zzz",)) == Place("f.toml")
