"""A project made of definitions at hand: in a script, a notebook cell or a test, without a module to load.

Code is fingerprinted from the text that is there for it (a file, or what the notebook holds), and steps run inline,
because no other process could import what was defined here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from assets_core.declare.check_functions import CheckFunction
from assets_core.declare.collect import with_checks
from assets_core.declare.loader import project_in_place
from assets_core.declare.secrets import Redactor
from assets_core.model.assets import AssetDefinition
from assets_core.ports import Clock
from assets_core.project.facade import Project
from assets_core.project.loading import Definitions, learn_secrets
from assets_core.settings import find_config, read_settings

Declared = AssetDefinition | CheckFunction[..., Any]


def project_of(
    declared: Iterable[Declared],
    *,
    root: Path | None = None,
    store: str | None = None,
    overrides: Sequence[str] = (),
    clock: Clock | None = None,
) -> Project:
    """A project of exactly these definitions and check functions; raises DefinitionError as loading one would.

    State lies below ``root`` (default: the nearest project's folder, else the working directory), or at the URL
    ``store``; ``memory://`` keeps it in this process.
    """
    given = list(declared)
    file = find_config(root or Path.cwd())
    folder = root or (file.root if file is not None else Path.cwd())
    flags = {"executor": "inline", "store": store}
    settings = read_settings(file, environ=os.environ, root=folder, flags=flags)
    definitions = with_checks(
        [d for d in given if isinstance(d, AssetDefinition)],
        [c for c in given if isinstance(c, CheckFunction)],
    )
    redactor = Redactor()
    learn_secrets(redactor, settings, overrides)
    loaded = project_in_place(settings.root)
    return Project(Definitions(settings, overrides, loaded, definitions, redactor), clock)
