"""``assets why``: why an asset-partition is stale, or what its current value was built from."""

from __future__ import annotations

from typing import Annotated

import typer

from assets_core.cli.session import session_of

Address = Annotated[str, typer.Argument(metavar="KEY[@PART]", help="An asset, or one partition.")]


def run(ctx: typer.Context, address: Address) -> int:
    """Why an asset is stale, or what its value was built from.

    The causes are followed to their roots: the function that was edited, the config that changed, the source that
    moved.
    """
    from assets_core.cli.why_text import why_lines
    from assets_core.project.explaining import why
    from assets_core.project.naming import asset_named, split_address

    session = session_of(ctx)
    project = session.project()
    name, partition = split_address(address)
    found = why(project, asset_named(project.graph, name), partition)
    if session.as_json:
        from assets_core.observe.why_document import why_document

        session.document(
            why_document(
                found.asset,
                found.partition,
                found.explanations,
                found.built,
                found.runs.get(found.built.run) if found.built else None,
                found.planned.graph,
                found.details,
            )
        )
        return 0
    for line in why_lines(found, found.planned.graph):
        session.out.line(*line)
    return 0
