"""``assets doctor``: look for what could be wrong here."""

from __future__ import annotations

import typer

from assets_core.cli.session import session_of

_MARKS = {
    "ok": ("+", "ok"),
    "note": ("-", "note"),
    "warning": ("!", "run"),
    "error": ("x", "failed"),
}
_PRECEDENCE = (70, 6, 5, 2, 1)


def run(ctx: typer.Context) -> int:
    """Look for what could be wrong here: configuration, definitions, plugins, state."""
    import os

    from assets_core.project.doctor import examine
    from assets_core.settings import project_settings

    session = session_of(ctx)
    findings = list(
        examine(
            session.project,
            lambda: project_settings(
                session.directory, environ=os.environ, env=session.options.env
            ),
        )
    )
    codes = {finding.exit_code for finding in findings}
    if session.as_json:
        session.document(
            {
                "schema": "assets.doctor/1",
                "ok": codes == {0},
                "findings": [
                    {"name": f.name, "status": f.status, "message": f.message, "help": f.help}
                    for f in findings
                ],
            }
        )
    else:
        for finding in findings:
            glyph, style = _MARKS[finding.status]
            head, *more = finding.message.splitlines() or [""]
            session.out.line((f"{glyph} ", style), (f"{finding.name:<15}", "bold"), head)
            for line in more:
                session.out.line(" " * 17, line)
            if finding.help:
                session.out.line(" " * 17, ("help: ", "note"), finding.help)
    return next((code for code in _PRECEDENCE if code in codes), 0)
