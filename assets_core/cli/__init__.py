"""The command line: one file per verb over ``project``, ``observe`` and plans.

``main`` is the console script. Completion is answered before anything else is imported: a shell asks at every Tab.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run ``assets`` with the process's arguments; the exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["__complete"]:
        from assets_core.cli.completing import complete

        return complete(arguments[1:])
    from assets_core.cli.collection import collect_rarely

    collect_rarely()
    from assets_core.cli.boundary import run

    return run(arguments)
