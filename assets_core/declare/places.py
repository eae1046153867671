"""Where a declaration stands in the user's files, cheaply while declaring and exactly once an error has to show it.

While declaring a place is the file and first line that the code object already knows (a decorated function starts at
its first decorator), 0.3 us each. Columns and the lines of parameters need the source: it is parsed only when an error
is raised, from the file on disk.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import CodeType, FrameType

from assets_core.declare.creations import active, real_file
from assets_core.errors import Place

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def code_place(code: CodeType) -> Place:
    """The first line of a function, which is that of its first decorator."""
    return Place(active().show(code.co_filename), code.co_firstlineno)


def frame_place(frame: FrameType) -> Place:
    """The line a frame is executing."""
    return Place(active().show(frame.f_code.co_filename), frame.f_lineno)


def caller(depth: int) -> FrameType:
    """The frame ``depth`` calls above the one that asks."""
    return sys._getframe(depth + 1)


def function_place(place: Place, name: str) -> Place:
    """The name in the ``def`` that starts at ``place``; ``place`` itself where the source is not at hand."""
    node = _function(place, name)
    if node is None:
        return place
    column = node.col_offset + (10 if isinstance(node, ast.AsyncFunctionDef) else 4)
    return Place(place.file, node.lineno, _character(place, node.lineno, column), len(name))


def parameter_place(place: Place, function: str, parameter: str) -> Place:
    """One parameter's name in the ``def`` that starts at ``place``."""
    node = _function(place, function)
    if node is None:
        return place
    args = node.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    for arg in every:
        if arg is not None and arg.arg == parameter:
            column = _character(place, arg.lineno, arg.col_offset)
            return Place(place.file, arg.lineno, column, len(parameter))
    return function_place(place, function)


def argument_place(place: Place, argument: str, text: str | None = None) -> Place:
    """The value given for a keyword in the call or decorator at ``place``; with ``text``, the element that reads so."""
    for call in _calls(place):
        for keyword in call.keywords:
            if keyword.arg == argument:
                return _node_place(place, _element(keyword.value, text) or keyword.value)
    return call_place(place)


def call_place(place: Place) -> Place:
    """The name of what is called, or decorates, at ``place``."""
    for node in _nodes(place):
        if isinstance(node, _Function):
            first = next((d for d in node.decorator_list if d.lineno == place.line), None)
            if first is not None:
                return _node_place(place, first.func if isinstance(first, ast.Call) else first)
        elif isinstance(node, ast.Call) and node.lineno == place.line:
            return _node_place(place, node.func)
    return place


def mention_place(place: Place, text: str) -> Place:
    """The first text constant or name among the arguments at ``place`` that reads ``text``."""
    for call in _calls(place):
        element = _element(call, text)
        if element is not None:
            return _node_place(place, element)
    return place


def keyword_place(place: Place, argument: str) -> Place:
    """The keyword's own name in the call or decorator at ``place``."""
    for call in _calls(place):
        for keyword in call.keywords:
            if keyword.arg == argument:
                column = _character(place, keyword.lineno, keyword.col_offset)
                return Place(place.file, keyword.lineno, column, len(argument))
    return place


def first_argument_place(place: Place) -> Place:
    """The first positional argument of the call at ``place``."""
    for call in _calls(place):
        if call.args:
            return _node_place(place, call.args[0])
    return call_place(place)


def text_place(place: Place, text: str, line: int, column: int, length: int) -> Place:
    """A position within a text literal among the arguments of the call at ``place``; the call where it is not found.

    Exact for literals without escapes, where lines of the text are lines of the file.
    """
    for call in _calls(place):
        for node in [*call.args, *(keyword.value for keyword in call.keywords)]:
            if isinstance(node, ast.Constant) and node.value == text:
                return _within(place, node, line, column, length)
    return call_place(place)


def _within(place: Place, node: ast.Constant, line: int, column: int, length: int) -> Place:
    start = _node_place(place, node)
    file = real_file(place.file)
    opening = linecache.getline(file, start.line)[start.column - 1 :]
    quotes = len(opening) - len(opening.lstrip("rRbBuUfF"))
    quotes += 3 if opening[quotes : quotes + 3] in ('"""', "'''") else 1
    shown = linecache.getline(file, start.line + line - 1)
    written = str(node.value).splitlines()[line - 1 : line]
    if line < 1 or not written or written[0] not in shown:
        return start
    before = start.column - 1 + quotes if line == 1 else 0
    return replace(place, line=start.line + line - 1, column=before + column, length=length)


def _element(value: ast.expr, text: str | None) -> ast.expr | None:
    """The string constant or name within ``value`` that reads ``text``, or whose last part does."""
    if text is None:
        return None
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and node.value == text:
            return node
        if isinstance(node, ast.Name) and node.id == text.rpartition("/")[2]:
            return node
    return None


def _node_place(place: Place, node: ast.expr) -> Place:
    first = _character(place, node.lineno, node.col_offset)
    one_line = node.end_lineno == node.lineno and node.end_col_offset is not None
    end = _character(place, node.lineno, node.end_col_offset or 0) if one_line else first
    return replace(place, line=node.lineno, column=first, length=end - first)


def _character(place: Place, line: int, offset: int) -> int:
    """The 1-based column, in characters, of a byte offset as ``ast`` counts them."""
    text = linecache.getline(real_file(place.file), line)
    return len(text.encode()[:offset].decode(errors="replace")) + 1


def _function(place: Place, name: str) -> _Function | None:
    for node in _nodes(place):
        if isinstance(node, _Function) and node.name == name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == place.line:
                return node
    return None


def _calls(place: Place) -> Iterator[ast.Call]:
    """The calls that start at the place's line, outermost first."""
    for node in _nodes(place):
        if isinstance(node, ast.Call) and node.lineno == place.line:
            yield node
        elif isinstance(node, _Function) and any(
            d.lineno == place.line for d in node.decorator_list
        ):
            yield from (d for d in node.decorator_list if isinstance(d, ast.Call))


def _nodes(place: Place) -> Iterator[ast.AST]:
    file = real_file(place.file)
    linecache.checkcache(file)
    text = "".join(linecache.getlines(file))
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # not Python, or edited since it was imported
        return iter(())
    return ast.walk(tree)
