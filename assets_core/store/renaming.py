"""What a renaming does to a record, to a packed row and to the text of an input shape, alike for every engine.

It is the one thing that changes what was recorded: every fact of an asset is said of another key from then on, also
where it is an input of others. Numbers, times, contents and places on disk stay what they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from assets_core.model.packed import repack_row
from assets_core.model.records import MaterializationRecord
from assets_core.model.versions import digest
from assets_core.ports import Renaming


def is_concerned(made: MaterializationRecord, renaming: Renaming) -> bool:
    """Whether a record is of a renamed asset, or of one that read it."""
    names = renaming.names
    return made.asset in names or any(one.upstream in names for one in made.inputs)


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
        inputs=tuple(
            replace(
                one,
                upstream=renaming.names.get(one.upstream, one.upstream),
                version=renaming.read(one),
            )
            for one in made.inputs
        ),
        stored_as=made.stored_as or (made.asset if asset != made.asset else None),
    )


def renamed_row(row: bytes, renamed: MaterializationRecord) -> bytes:
    """The packed row of a record that was renamed."""
    return repack_row(
        row, code=renamed.code, shape=renamed.shape, inputs=[one.version for one in renamed.inputs]
    )


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
    shape = [
        [renaming.names.get(item[0], item[0]), *item[1:]] if isinstance(item, list) else item
        for item in json.loads(text)
    ]
    return json.dumps(shape, separators=(",", ":"), ensure_ascii=False)
