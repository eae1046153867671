"""``--config KEY.field=value`` as the command line gives it."""

from __future__ import annotations

from collections.abc import Iterable

from assets_core.errors import UsageError


def parse_overrides(texts: Iterable[str]) -> dict[str, str]:
    """``KEY.field`` to text, the last of equal ones; raises UsageError E407 for another form."""
    overrides: dict[str, str] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        key, dot, field = target.strip().rpartition(".")
        if not (equals and dot and key and field):
            help = "write KEY.field=value, such as --config staging/flights.max_delay=60"
            raise UsageError(
                "E407", f"`--config {text}` is not of the form KEY.field=value", help=help
            )
        overrides[f"{key}.{field}"] = value
    return overrides
