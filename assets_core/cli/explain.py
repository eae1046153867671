"""``assets explain``: the long text behind an error code."""

from __future__ import annotations

from typing import Annotated

import typer

from assets_core.cli.session import session_of
from assets_core.errors import NoMatchError

Code = Annotated[str, typer.Argument(metavar="CODE", help="An error code such as E103.")]


def run(ctx: typer.Context, code: Code) -> int:
    """Explain an error code."""
    import difflib

    from assets_core.explanations import EXPLANATIONS

    session = session_of(ctx)
    name = code.upper()
    if name not in EXPLANATIONS:
        near = difflib.get_close_matches(name, EXPLANATIONS, 3)
        help = (
            f"did you mean {' or '.join(near)}?" if near else "codes stand in brackets: error[E103]"
        )
        raise NoMatchError("E910", f"there is no error code `{code}`", help=help)
    found = EXPLANATIONS[name]
    if session.as_json:
        document = {"schema": "assets.explain/1", "code": name}
        session.document({**document, "title": found.title, "text": found.text})
        return 0
    session.out.line((f"{name}: {found.title}", "bold"))
    for line in ("", *found.text.split("\n")):
        session.out.line(line)
    return 0
