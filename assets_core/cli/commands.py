"""The two kinds of commands: a verb, and a group of verbs that are imported when they are invoked.

Typer declares parameters by annotation, parses and prints help. Two of its habits are too dear here and are left out:
help through Rich (45 ms), and coercion through pydantic, which is imported for a mere text (90 ms of the 120 ms that
``assets --help`` may take in all). Ours knows texts, whole numbers and flags, which is all that our verbs declare.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from assets_core.cli.global_options import NAMES, global_parameters
from assets_core.cli.verb_table import BY_NAME, PANELS, VERBS, Verb
from assets_core.errors import UsageError

PLAIN = {"rich_markup_mode": None, "add_completion": False, "pretty_exceptions_enable": False}


_NUMBERS = {int: "a whole number", float: "a number"}


class _PlainCoercion:
    """What Typer asks for the value of a parameter."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        annotation = param.type_descriptor.annotation
        if annotation not in _NUMBERS or not isinstance(value, str):
            return value
        try:
            return annotation(value)
        except ValueError:
            text = f"`{value}` is not {_NUMBERS[annotation]}"
            raise typer.BadParameter(text, ctx, param) from None


def _coerced_plainly(params: list[Any]) -> list[Any]:
    """The parameters with our coercion in place of Typer's, where this Typer has one to replace."""
    for param in params:
        if hasattr(param, "_runtime_param"):
            vars(param)["_runtime_param"] = _PlainCoercion()
    return params


def _take_globals(ctx: typer.Context) -> None:
    given = {name: ctx.params.pop(name) for name in NAMES if name in ctx.params}
    if ctx.obj is not None:
        ctx.obj.options = ctx.obj.options.merged(given)


def _write_options(command: Any, ctx: Any, formatter: Any) -> None:
    """Arguments, options, global options: each in a section of its own."""
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "Global": []}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None:
            own = "Arguments" if param.param_type_name == "argument" else "Options"
            sections["Global" if param.name in NAMES else own].append(record)
    for title, rows in sections.items():
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


class VerbCommand(TyperCommand):
    """One verb: its own parameters and the global ones."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *global_parameters()]

    def get_params(self, ctx: Any) -> list[Any]:
        return _coerced_plainly(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        _take_globals(ctx)
        return rest

    def invoke(self, ctx: Any) -> Any:
        ctx.obj.check()
        return super().invoke(ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_options(self, ctx, formatter)


class VerbGroup(TyperGroup):
    """A verb with a second word, such as ``runs ls``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *global_parameters()]

    def get_params(self, ctx: Any) -> list[Any]:
        return _coerced_plainly(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        _take_globals(ctx)
        return rest

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.format_commands(ctx, formatter)
        _write_options(self, ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            raise _unknown(ctx.command_path, name, self.list_commands(ctx))
        return super().resolve_command(ctx, args)


class RootGroup(VerbGroup):
    """``assets``: its verbs come from the table and are imported one at a time."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [verb.name for verb in VERBS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        verb = BY_NAME.get(cmd_name)
        return None if verb is None else load(verb)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for panel in PANELS:
            with formatter.section(panel):
                formatter.write_dl([(v.name, v.summary) for v in VERBS if v.panel == panel])


def load(verb: Verb) -> Any:
    """Import a verb and make its command."""
    module = import_module(verb.module)
    app = typer.Typer(**PLAIN)  # type: ignore[arg-type]
    commands: dict[str, Callable[..., int]] | None = getattr(module, "COMMANDS", None)
    if commands is None:
        app.command(verb.name, cls=VerbCommand)(module.run)
        return typer.main.get_command(app)
    app.callback(cls=VerbGroup, help=f"{verb.summary}.")(_nothing)
    for name, function in commands.items():
        app.command(name, cls=VerbCommand)(function)
    return typer.main.get_command(app)


def _nothing() -> None:
    """A group does nothing by itself."""


def _unknown(path: str, name: str, known: list[str]) -> UsageError:
    near = difflib.get_close_matches(name, known, 1)
    help = f"did you mean `{path} {near[0]}`?" if near else f"see `{path} --help`"
    return UsageError("E902", f"`{path}` has no verb `{name}`", help=help)
