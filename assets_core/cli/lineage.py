"""``assets lineage``: what is made from what."""

from __future__ import annotations

from typing import Annotated

import typer

from assets_core.cli.selecting import Exclude, Select, SelectFrom, selections
from assets_core.cli.session import session_of
from assets_core.errors import UsageError

FORMS = ("tree", "mermaid", "dot", "json")

Form = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FORM", help="tree, mermaid, dot or json.")
]


def run(
    ctx: typer.Context,
    select: Select = None,
    exclude: Exclude = None,
    select_from: SelectFrom = None,
    output: Form = None,
) -> int:
    """Draw what is made from what."""
    from assets_core.observe.documents import lineage_document
    from assets_core.observe.graph_exports import dot, mermaid, tree_lines
    from assets_core.project.selecting import select_with_status

    session = session_of(ctx)
    if output not in (None, *FORMS):
        raise UsageError("E909", f"`-o {output}` is none of {', '.join(FORMS)}")
    project = session.project()
    chosen = select_with_status(project, selections(select, select_from), exclude or ())
    if session.as_json or output == "json":
        session.document(lineage_document(project.graph, chosen))
    elif output == "mermaid":
        session.out.write(mermaid(project.graph, chosen))
    elif output == "dot":
        session.out.write(dot(project.graph, chosen))
    else:
        for before, key, remark in tree_lines(project.graph, chosen):
            said = f"  ({remark})" if remark else ""
            session.out.line((before, "dim"), key, (said, "dim"))
    return 0
