"""Asking before something is deleted, or replaced for those who read it."""

from __future__ import annotations

import sys

from assets_core.cli.session import Session
from assets_core.errors import UsageError


def confirmed(
    session: Session, question: str, *, yes: bool, look: str, does: str = "deletes something"
) -> bool:
    """Whether to go on: ``-y``, or the answer to ``question``; raises UsageError E930 where nobody can answer.

    ``look`` is the command line that only says what would be done, which ``does`` says in two words.
    """
    if yes:
        return True
    if session.options.no_input or not sys.stdin.isatty():
        raise UsageError(
            "E930",
            f"this {does}, and there is nobody to ask",
            help=f"say -y to do it; {look} says what it is",
        )
    session.err.write(f"{question} [y/N] ")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
