"""What a renaming does to a record, to a packed row and to the text of an input shape, alike for every engine.

It is the one thing that changes what was recorded: every fact of an asset is said of another key from then on, also
where it is an input of others. Numbers, times, contents and places on disk stay what they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from assets_core.model.packed import repack_row
from assets_core.model.records import InputRecord, MaterializationRecord
from assets_core.model.versions import digest
from assets_core.ports import Renaming


def is_concerned(made: MaterializationRecord, renaming: Renaming) -> bool:
    """Whether a record is of a renamed asset, of one that read it, or of one whose code version changes with it."""
    names = renaming.names
    own = made.asset in names or made.asset in renaming.codes
    return own or any(one.upstream in names for one in made.inputs)


def renamed_record(
    made: MaterializationRecord, renaming: Renaming, shapes: Mapping[str, str]
) -> MaterializationRecord:
    """The record under today's names; its files lie where they lay."""
    asset = renaming.names.get(made.asset, made.asset)
    recorded, today = renaming.codes.get(asset, (made.code, made.code))
    return replace(
        made,
        asset=asset,
        code=today if made.code == recorded else made.code,
        shape=shapes.get(made.shape, made.shape),
        inputs=tuple(sorted((_renamed(one, renaming) for one in made.inputs), key=_upstream)),
        stored_as=made.stored_as or (made.asset if asset != made.asset else None),
    )


def _renamed(item: InputRecord, renaming: Renaming) -> InputRecord:
    upstream = renaming.names.get(item.upstream, item.upstream)
    return replace(item, upstream=upstream, version=renaming.read(item))


def _upstream(item: InputRecord) -> str:
    """Inputs are recorded in the order of their keys, and of their parameters where one is read twice."""
    return item.upstream


def renamed_row(row: bytes, renamed: MaterializationRecord) -> bytes:
    """The packed row of a record that was renamed."""
    return repack_row(row, code=renamed.code, shape=renamed.shape, inputs=renamed.inputs)


def renamed_shapes(
    texts: Mapping[str, str], renaming: Renaming
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Of input shapes (digest -> text), the digests of those that name one (former -> today's), and today's texts."""
    digests: dict[str, str] = {}
    found: dict[str, str] = {}
    for former, text in texts.items():
        renamed = _renamed_shape(text, renaming)
        if renamed != text:
            digests[former] = digest(renamed)
            found[digests[former]] = renamed
    return digests, found


def _renamed_shape(text: str, renaming: Renaming) -> str:
    """``[[upstream, mapping, columns], ..., windows]``: see ``AssetGraph.shape_text``."""
    shape = json.loads(text)
    inputs = [
        [renaming.names.get(item[0], item[0]), *item[1:]] for item in shape if _is_input(item)
    ]
    windows = [item for item in shape if not _is_input(item)]
    inputs.sort(key=lambda item: str(item[0]))
    return json.dumps([*inputs, *windows], separators=(",", ":"), ensure_ascii=False)


def _is_input(item: object) -> bool:
    return isinstance(item, list)
