"""The table of edits inside one module: what counts as a change of an asset's code and what doesn't.

Each row is executed: the project is written, loaded and fingerprinted, edited, and loaded and fingerprinted again.
``EDIT`` in a row's text is where the two versions differ.
"""

# ruff: noqa: E501 - a table reads best with a row on a line

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

HEAD = """
from __future__ import annotations
import math
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal
from assets_core.declare.assets import asset
"""


class Row(NamedTuple):
    """``text`` holds ``EDIT``, which is ``before`` and then ``after``."""

    name: str
    expected: str
    text: str
    before: str
    after: str


CHANGED, SAME = "changed", "same"
# fmt: off
PLAIN = "@asset\ndef build(rows):\n    EDIT\n    return rows\n"
HELPED = "def helper(row, limit=3):\n    EDIT\n    return row\n\n@asset\ndef build(rows):\n    return helper(rows)\n"
UNUSED = "@asset\ndef build(rows):\n    return rows\n\nEDIT\n"
OURS = "@asset(EDIT)\ndef build(rows):\n    return rows\n"
DATA = "LIMIT = EDIT\n\n@asset\ndef build(rows):\n    return rows[:LIMIT]\n"
CLASS = "class Cleaner:\n    EDIT\n    def clean(self, rows): return rows\n\n@asset\ndef build(rows):\n    return Cleaner().clean(rows)\n"

ROWS = [
    # formatting, comments, docstrings
    Row("comment", SAME, PLAIN, "pass", "pass  # why"),
    Row("blank lines", SAME, PLAIN, "x = 1", "\n\n    x = 1\n"),
    Row("quotes", SAME, PLAIN, "x = 'a'", 'x = "a"'),
    Row("parentheses", SAME, PLAIN, "x = 1 + 2", "x = (1 +\n        2)"),
    Row("digits grouped", SAME, PLAIN, "x = 1000", "x = 1_000"),
    Row("texts joined", SAME, PLAIN, "x = 'ab'", "x = 'a' 'b'"),
    Row("f-string joined", SAME, PLAIN, "x = f'a{rows}bc'", "x = f'a{rows}b' 'c'"),
    Row("text prefix u", SAME, PLAIN, "x = 'ab'", "x = u'ab'"),
    Row("elif spelled out", SAME, PLAIN, "if rows: pass\n    elif 1: x = 2", "if rows: pass\n    else:\n        if 1: x = 2"),
    Row("docstring added", SAME, HELPED, "pass", "'why'; pass"),
    Row("docstring of the asset", SAME, "@asset\ndef build(rows):\n    EDIT\n    return 1\n", "'''One.'''", "'''Two.'''"),
    Row("docstring of a helper", SAME, HELPED, "'one'", "'two'"),
    Row("a text that is not a docstring", CHANGED, PLAIN, "x = 1; 'one'", "x = 1; 'two'"),
    Row("a class docstring", CHANGED, CLASS, "'one'", "'two'"),
    Row("lines moved", SAME, "EDIT\n@asset\ndef build(rows):\n    return rows\n", "", "# a\n# b\n"),
    # the body
    Row("a number", CHANGED, PLAIN, "x = 1", "x = 2"),
    Row("int to float", CHANGED, PLAIN, "x = 1", "x = 1.0"),
    Row("int to bool", CHANGED, PLAIN, "x = 1", "x = True"),
    Row("minus zero", CHANGED, PLAIN, "x = 0.0", "x = -0.0"),
    Row("text to bytes", CHANGED, PLAIN, "x = 'a'", "x = b'a'"),
    Row("operator", CHANGED, PLAIN, "x = rows + 1", "x = rows - 1"),
    Row("precedence", CHANGED, PLAIN, "x = 1 + 2 * 3", "x = (1 + 2) * 3"),
    Row("order of statements", CHANGED, PLAIN, "x = 1; y = 2", "y = 2; x = 1"),
    Row("keyword order", CHANGED, PLAIN, "x = dict(a=1, b=2)", "x = dict(b=2, a=1)"),
    Row("f-string conversion", CHANGED, PLAIN, "x = f'{rows!r}'", "x = f'{rows!s}'"),
    Row("f-string format", CHANGED, PLAIN, "x = f'{rows:>3}'", "x = f'{rows:>4}'"),
    Row("renamed local", CHANGED, PLAIN, "x = 1; return x", "y = 1; return y"),
    Row("attribute", CHANGED, PLAIN, "x = rows.a", "x = rows.b"),
    Row("await", CHANGED, "@asset\nasync def build(rows):\n    return EDIT rows\n", "", "await"),
    Row("yield", CHANGED, PLAIN, "x = 1", "yield 1"),
    Row("a local annotated", SAME, PLAIN, "x = 1", "x: int = 1"),
    Row("a walrus", CHANGED, PLAIN, "x = 1", "(x := 1)"),
    Row("a comprehension made a generator", CHANGED, PLAIN, "x = sum([r for r in rows])", "x = sum(r for r in rows)"),
    Row("pattern", CHANGED, PLAIN, "match rows:\n        case [1, *_]: pass", "match rows:\n        case [2, *_]: pass"),
    # signature
    Row("default of the asset", CHANGED, "@asset\ndef build(rows, n=EDIT):\n    return rows\n", "1", "2"),
    Row("default of a helper", CHANGED, "def helper(n=EDIT): return n\n@asset\ndef build(rows):\n    return helper()\n", "1", "2"),
    Row("keyword-only", CHANGED, "def helper(rows, EDIT n=1): return n\n@asset\ndef build(rows):\n    return helper(rows)\n", "", "*,"),
    Row("annotation of a helper", SAME, "def helper(n: EDIT): return n\n@asset\ndef build(rows):\n    return helper(1)\n", "int", "float"),
    Row("return annotation of a helper", SAME, "def helper(n) -> EDIT: return n\n@asset\ndef build(rows):\n    return helper(1)\n", "int", "float"),
    Row("annotation of the asset", SAME, "@asset\ndef build(rows: EDIT):\n    return rows\n", "list[int]", "list[float]"),
    Row("annotation under a foreign decorator", CHANGED, "@functools.cache\ndef helper(n: EDIT): return n\n@asset\ndef build(rows):\n    return helper(1)\n", "int", "float"),
    Row("class in a helper's annotation", CHANGED, "class Kind:\n    size = EDIT\ndef helper(n: Kind): return n\n@asset\ndef build(rows):\n    return helper(1)\n", "1", "2"),
    Row("class in a quoted annotation", CHANGED, "class Kind:\n    size = EDIT\ndef helper(n: 'list[Kind]'): return n\n@asset\ndef build(rows):\n    return helper(1)\n", "1", "2"),
    Row("an asset's name in a Literal", SAME, "@asset\ndef other(a):\n    return EDIT\ndef helper(n: Literal['other']): return n\n@asset\ndef build(rows):\n    return helper(1)\n", "1", "2"),
    Row("class in the asset's annotation", CHANGED, "class Kind:\n    size = EDIT\n@asset\ndef build(rows: dict[str, Kind]):\n    return rows\n", "1", "2"),
    # our own decorator and others
    Row("group", SAME, OURS, "", "group='staging'"),
    Row("tags, owners, description", SAME, OURS, "", "tags={'a': 'b'}, owners=['me@x.org'], description='d'"),
    Row("the bare decorator called", SAME, "@asset\ndef build(rows):\n    return rows\nEDIT", "", "# asset()"),
    Row("another decorator added", CHANGED, "@asset\nEDIT\ndef build(rows):\n    return rows\n", "", "@functools.cache"),
    Row("another decorator's argument", CHANGED, "@asset\n@functools.lru_cache(maxsize=EDIT)\ndef build(rows):\n    return rows\n", "1", "2"),
    Row("our decorator under an alias", SAME, "mine = asset\n@mine(group=EDIT)\ndef build(rows):\n    return rows\n", "'a'", "'b'"),
    Row("our decorator in a partial", SAME, "mine = functools.partial(asset, group=EDIT)\n@mine()\ndef build(rows):\n    return rows\n", "'a'", "'b'"),
    Row("our decorator through its module", SAME, "import assets_core.declare.assets as api\n@api.asset(group=EDIT)\ndef build(rows):\n    return rows\n", "'a'", "'b'"),
    Row("a name in our decorator", SAME, "GROUP = EDIT\n@asset(group=GROUP)\ndef build(rows):\n    return rows\n", "'a'", "'b'"),
    Row("a project decorator's body", CHANGED, "def logged(f):\n    @functools.wraps(f)\n    def inner(rows): return EDIT\n    return inner\n@asset\n@logged\ndef build(rows):\n    return rows\n", "f(rows)", "f(rows) + 1"),
    # what is not followed
    Row("an unused function", SAME, UNUSED, "def other(): return 1", "def other(): return 2"),
    Row("an unused constant", SAME, UNUSED, "OTHER = 1", "OTHER = 2"),
    Row("an unused class", SAME, UNUSED, "class Other: x = 1", "class Other: x = 2"),
    Row("an unused import", SAME, UNUSED, "", "import json"),
    Row("another asset", SAME, UNUSED, "@asset\ndef other(build): return 1", "@asset\ndef other(build): return 2"),
    Row("an upstream called like the parameter", SAME, "@asset\ndef rows(): return EDIT\n@asset\ndef build(rows):\n    return rows\n", "1", "2"),
    Row("a constant called like a local", SAME, "x = EDIT\n@asset\ndef build(rows):\n    x = rows\n    return x\n", "1", "2"),
    Row("a constant called like a loop variable", SAME, "x = EDIT\n@asset\ndef build(rows):\n    return [x for x in rows]\n", "1", "2"),
    Row("a constant read where a comprehension ends", CHANGED, "x = EDIT\n@asset\ndef build(rows):\n    return [x for x in rows], x\n", "1", "2"),
    Row("a constant in the first iterable", CHANGED, "x = EDIT\n@asset\ndef build(rows):\n    return [x for x in range(x)]\n", "1", "2"),
    Row("a main block", SAME, UNUSED, "", "if __name__ == '__main__':\n    print(build)"),
    Row("a type-checking block", SAME, UNUSED, "", "if TYPE_CHECKING:\n    import json"),
    Row("a string between statements", SAME, UNUSED, "", "'just a note'"),
    # what is followed
    Row("a helper", CHANGED, HELPED, "x = 1", "x = 2"),
    Row("a helper's helper", CHANGED, "def deep(): return EDIT\ndef helper(n): return deep()\n@asset\ndef build(rows):\n    return helper(1)\n", "1", "2"),
    Row("a helper that calls the asset's own", CHANGED, "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return EDIT\n@asset\ndef build(rows):\n    return even(rows)\n", "even(n - 1)", "even(n - 3)"),
    Row("a helper in a lambda", CHANGED, "def helper(n): return EDIT\n@asset\ndef build(rows):\n    return map(lambda r: helper(r), rows)\n", "n", "-n"),
    Row("a helper named as a default", CHANGED, "def helper(n): return EDIT\n@asset\ndef build(rows, f=helper):\n    return f(rows)\n", "n", "-n"),
    Row("a helper passed by name", CHANGED, "def helper(n): return EDIT\n@asset\ndef build(rows):\n    return map(helper, rows)\n", "n", "-n"),
    Row("a function defined twice, the first", CHANGED, "def helper(n): return EDIT\ndef helper(n): return n\n@asset\ndef build(rows):\n    return helper(rows)\n", "n", "-n"),
    Row("a constant", CHANGED, DATA, "3", "4"),
    Row("a constant spelled otherwise", SAME, DATA, "1000", "1_000"),
    Row("a constant's statement, the value equal", CHANGED, DATA, "4", "2 + 2"),
    Row("a constant's constant", CHANGED, "BASE = EDIT\nLIMIT = BASE * 2\n@asset\ndef build(rows):\n    return rows[:LIMIT]\n", "1", "2"),
    Row("a constant that a helper makes", CHANGED, "def make(): return EDIT\nLIMIT = make()\n@asset\ndef build(rows):\n    return rows[:LIMIT]\n", "1", "2"),
    Row("a constant's augmentation", CHANGED, "LIMIT = 1\nLIMIT += EDIT\n@asset\ndef build(rows):\n    return rows[:LIMIT]\n", "1", "2"),
    Row("one of two unpacked constants", CHANGED, "A, B = 1, EDIT\n@asset\ndef build(rows):\n    return A\n", "1", "2"),
    Row("a table of handlers", CHANGED, "def helper(n): return EDIT\nTABLE = {'a': helper}\n@asset\ndef build(rows):\n    return TABLE['a'](rows)\n", "n", "-n"),
    Row("a table filled by effects", CHANGED, "def helper(n): return EDIT\nTABLE = {}\nTABLE['a'] = helper\n@asset\ndef build(rows):\n    return TABLE['a'](rows)\n", "n", "-n"),
    Row("a global that a function sets", CHANGED, "STATE = 1\ndef configure():\n    global STATE\n    STATE = EDIT\n@asset\ndef build(rows):\n    return STATE\n", "1", "2"),
    Row("a pattern", CHANGED, "import re\nWORD = re.compile(EDIT)\n@asset\ndef build(rows):\n    return WORD\n", "'a'", "'b'"),
    Row("what an import stands for", CHANGED, "from math import EDIT as f\n@asset\ndef build(rows):\n    return f(rows)\n", "floor", "ceil"),
    Row("an import's alias that nobody uses", SAME, "from math import floor as EDIT\n@asset\ndef build(rows):\n    return rows\n", "f", "g"),
    Row("an import inside the asset", CHANGED, PLAIN, "from math import floor as f", "from math import ceil as f"),
    # classes
    Row("a method that is called", CHANGED, CLASS.replace("return rows\n\n", "return EDIT\n\n").replace("    EDIT\n", "", 1), "rows", "rows + 1"),
    Row("another method of a named class", CHANGED, CLASS, "def other(self): return 1", "def other(self): return 2"),
    Row("a class attribute", CHANGED, CLASS, "limit = 1", "limit = 2"),
    Row("an annotation in a class body", CHANGED, CLASS, "limit: int = 1", "limit: float = 1"),
    Row("a method's annotation", SAME, CLASS, "def other(self, n: int): return n", "def other(self, n: float): return n"),
    Row("a method's docstring", SAME, CLASS, "def other(self): 'one'; return 1", "def other(self): 'two'; return 1"),
    Row("a base class", CHANGED, "class Base:\n    def run(self): return EDIT\nclass Cleaner(Base): pass\n@asset\ndef build(rows):\n    return Cleaner().run()\n", "1", "2"),
    Row("a metaclass", CHANGED, "class Meta(type):\n    size = EDIT\nclass Cleaner(metaclass=Meta): pass\n@asset\ndef build(rows):\n    return Cleaner()\n", "1", "2"),
    Row("a class decorator", CHANGED, "def mark(c):\n    c.size = EDIT\n    return c\n@mark\nclass Cleaner: pass\n@asset\ndef build(rows):\n    return Cleaner()\n", "1", "2"),
    Row("a dataclass field's default", CHANGED, "@dataclass\nclass Cleaner:\n    size: int = EDIT\n@asset\ndef build(rows):\n    return Cleaner()\n", "1", "2"),
    Row("a property read on an unknown receiver", CHANGED, "class Order:\n    @property\n    def total(self): return EDIT\n@asset\ndef build(rows):\n    return rows.total\n", "1", "2"),
    Row("a method on an unknown receiver", CHANGED, "class Order:\n    def clean(self): return EDIT\n@asset\ndef build(rows):\n    return rows[0].clean()\n", "1", "2"),
    Row("another method of that class", SAME, "class Order:\n    def clean(self): return 1\n    def other(self): return EDIT\n@asset\ndef build(rows):\n    return rows[0].clean()\n", "1", "2"),
    Row("what that method calls", CHANGED, "def helper(): return EDIT\nclass Order:\n    def clean(self): return helper()\n@asset\ndef build(rows):\n    return rows[0].clean()\n", "1", "2"),
    Row("a class attribute on an unknown receiver", CHANGED, "class Order:\n    limit = EDIT\n@asset\ndef build(rows):\n    return rows[0].limit\n", "1", "2"),
    Row("getattr with a constant name", CHANGED, "class Order:\n    def clean(self): return EDIT\n@asset\ndef build(rows):\n    return getattr(rows, 'clean')()\n", "1", "2"),
    Row("a __getattr__", CHANGED, "class Order:\n    def __getattr__(self, name): return EDIT\n@asset\ndef build(rows):\n    return rows.anything\n", "1", "2"),
    # effects at the top level
    Row("an effect", CHANGED, UNUSED, "print(1)", "print(2)"),
    Row("an effect's helper", CHANGED, "def set_up(): return EDIT\nset_up()\n@asset\ndef build(rows):\n    return rows\n", "1", "2"),
    Row("an effect's formatting", SAME, UNUSED, "print(1)", "print( 1 )  # why"),
    Row("an option set", CHANGED, UNUSED, "math.tau2 = 1", "math.tau2 = 2"),
    Row("a loop", CHANGED, UNUSED, "for i in range(2): pass", "for i in range(3): pass"),
    Row("an import that may fail", CHANGED, UNUSED, "try:\n    import json\nexcept ImportError:\n    json = 1", "try:\n    import json\nexcept ImportError:\n    json = 2"),
    # dynamic constructs: every file counts
    Row("eval", CHANGED, "def other(): return EDIT\n@asset\ndef build(rows):\n    return eval('other()')\n", "1", "2"),
    Row("globals", CHANGED, "def other(): return EDIT\n@asset\ndef build(rows):\n    return globals()['other']()\n", "1", "2"),
    Row("getattr with a computed name", CHANGED, "class Other:\n    def a(self): return EDIT\n@asset\ndef build(rows):\n    return getattr(rows, rows[0])\n", "1", "2"),
    Row("getattr on a library", SAME, "def other(): return EDIT\n@asset\ndef build(rows):\n    return getattr(math, rows[0])\n", "1", "2"),
    Row("an unknown name", CHANGED, "def other(): return EDIT\n@asset\ndef build(rows):\n    return surprise(rows)\n", "1", "2"),
    Row("source that is read", CHANGED, "import inspect\nEDIT\n@asset\ndef build(rows):\n    return inspect.getsource(build)\n", "", "# a comment"),
    Row("a comment under eval", SAME, "EDIT\n@asset\ndef build(rows):\n    return eval('1')\n", "", "# a comment"),
    # closures
    Row("a factory's argument", CHANGED, "def make(limit):\n    @asset\n    def built(rows): return rows[:limit]\n    return built\nbuild = make(EDIT)\n", "1", "2"),
    Row("a factory's own decorator", SAME, "def make(limit):\n    @asset(group=EDIT)\n    def built(rows): return rows[:limit]\n    return built\nbuild = make(1)\n", "'a'", "'b'"),
    Row("a factory's function argument", CHANGED, "def f(n): return EDIT\ndef make(how):\n    @asset\n    def built(rows): return how(rows)\n    return built\nbuild = make(f)\n", "n", "-n"),
    Row("a factory's object argument", CHANGED, "@dataclass\nclass Options:\n    limit: int\ndef make(options):\n    @asset\n    def built(rows): return rows[:options.limit]\n    return built\nbuild = make(Options(EDIT))\n", "1", "2"),
    Row("a factory's local", CHANGED, "def make():\n    limit = EDIT\n    @asset\n    def built(rows): return rows[:limit]\n    return built\nbuild = make()\n", "1", "2"),
    Row("another product of the factory", SAME, "def make(limit):\n    @asset\n    def built(rows): return rows[:limit]\n    return built\nbuild = make(1)\nother = make(EDIT)\n", "2", "3"),
    Row("a nested function", CHANGED, "@asset\ndef build(rows):\n    def inner(): return EDIT\n    return inner()\n", "1", "2"),
    Row("a registered implementation", CHANGED, "@functools.singledispatch\ndef clean(x): return x\n@clean.register\ndef _(x: int): return EDIT\n@asset\ndef build(rows):\n    return clean(rows)\n", "x", "-x"),
]
# fmt: on


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
def test_the_edit_counts_as_the_table_says(row: Row, shop: Any) -> None:
    assert "EDIT" in row.text
    shop.write({"shop/orders.py": HEAD.lstrip() + row.text.replace("EDIT", row.before)})
    before = shop.fingerprint()
    shop.write({"shop/orders.py": HEAD.lstrip() + row.text.replace("EDIT", row.after)})
    after = shop.fingerprint()
    assert ("same" if before.version == after.version else "changed") == row.expected
    digests = [[(part.name, part.digest) for part in found.parts] for found in (before, after)]
    assert (digests[0] == digests[1]) == (row.expected == SAME)


def test_no_two_rows_have_one_name() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 100
