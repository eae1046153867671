"""``plan --diff``: everything that changed behind the reasons of a plan, by function and line."""

from __future__ import annotations

from collections.abc import Iterator

from assets_core.cli.errors import Line
from assets_core.model.plans import CodeChanged, ConfigChanged, Plan
from assets_core.observe.details import Details


def diff_lines(plan: Plan, details: Details) -> Iterator[Line]:
    """A paragraph per asset whose code or config changed; equal changes of several assets are said once."""
    told: dict[tuple[str, ...], list[str]] = {}
    for step in plan.steps:
        for reason in step.reasons:
            if isinstance(reason, CodeChanged | ConfigChanged):
                said = tuple(_changes(reason, details))
                assets = told.setdefault(said, [])
                if step.asset not in assets:
                    assets.append(step.asset)
    for said, assets in told.items():
        yield ()
        yield ((", ".join(assets), "bold"),)
        for text in said:
            yield (f"  {text}",)


def _changes(reason: CodeChanged | ConfigChanged, details: Details) -> Iterator[str]:
    if isinstance(reason, ConfigChanged):
        keys = details.config.get((reason.old, reason.new), ())
        yield from (f"config   {key}" for key in keys)
        if not keys:
            yield f"config   {reason.old[:6]} -> {reason.new[:6]}"
        return
    edits = details.code.get((reason.old, reason.new), ())
    for edit in edits:
        place = f"{edit.file}:{edit.line}" if edit.line else edit.file
        yield f"{edit.kind:<8} {place} {edit.name}".rstrip()
    if not edits:
        yield f"code     {reason.old[:6]} -> {reason.new[:6]}"
