"""What the calls of each definition need of pools and rate limits, from what it says and what is configured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from assets_core.declare.places import argument_place
from assets_core.declare.references import nearest
from assets_core.errors import ConfigError, DefinitionError
from assets_core.graph import AssetGraph
from assets_core.model.assets import AssetDefinition
from assets_core.model.pools import NO_NEEDS, Needs, PoolNeed, RateLimit
from assets_core.settings import Settings

_TAG = "tag:"


def needs_of(graph: AssetGraph, settings: Settings) -> Sequence[Needs]:
    """By definition number.

    Raises DefinitionError E146 for a pool that is not configured and E147 for one that is too small, both at the
    asset, and ConfigError E413 for a rate limit of no asset, or E146 where the setting ``pool`` names none.
    """
    _require_meant(graph, settings)
    for name in settings.pool:
        if name not in settings.pools:
            place = settings.origins["pool",].place
            said = f"the setting `pool` names `{name}`, which is not configured"
            raise ConfigError("E146", said, place=place, help=_give_slots(name, settings.pools))
    if not settings.rate_limits and not any(d.pool for d in graph.definitions):
        return [NO_NEEDS] * len(graph.definitions)
    return [_needs(definition, settings) for definition in graph.definitions]


def _needs(definition: AssetDefinition, settings: Settings) -> Needs:
    if definition.is_source:
        return NO_NEEDS
    pools = tuple(sorted(_pools(definition, settings)))
    limits = tuple(
        RateLimit(name, rate.starts, rate.window_s)
        for name, rate in sorted(settings.rate_limits.items())
        if _is_meant(name, definition)
    )
    return Needs(pools, limits)


def _pools(definition: AssetDefinition, settings: Settings) -> Iterator[PoolNeed]:
    for name, slots in definition.pool:
        size = settings.pools.get(name)
        if size is None and settings.file is None:
            continue  # there is nowhere to configure one: definitions as values, in a test or a notebook
        if size is None:
            raise _unknown_pool(definition, name, settings.pools)
        if slots > size:
            raise DefinitionError(
                "E147",
                f"asset `{definition.key}` needs {slots} slots of pool `{name}`, which has {size}",
                place=argument_place(definition.place, "pool", name),
                help=f"it would never start: need fewer, or set `pools.{name}` to {slots} or more",
            )
        yield PoolNeed(name, slots, size)


def _unknown_pool(definition: AssetDefinition, name: str, known: Iterable[str]) -> DefinitionError:
    return DefinitionError(
        "E146",
        f"asset `{definition.key}` needs pool `{name}`, which is not configured",
        place=argument_place(definition.place, "pool", name),
        help=_give_slots(name, known),
    )


def _give_slots(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    similar = f"a similar pool exists: `{near}`; or " if near else ""
    return f"{similar}give it slots: `{name} = 1` under [tool.assets.pools]"


def _require_meant(graph: AssetGraph, settings: Settings) -> None:
    """A limit that is misspelt would limit nothing."""
    for name in settings.rate_limits:
        if not any(_is_meant(name, d) for d in graph.definitions if not d.is_source):
            known = _names(graph)
            near = nearest(name, known)
            raise ConfigError(
                "E413",
                f"the rate limit `{name}` is for no asset of this project",
                place=settings.origins["rate_limits", name].key_place,
                help=f"did you mean `{near}`?"
                if near
                else "name an asset by its whole key, or write `tag:name=value`",
            )


def _names(graph: AssetGraph) -> list[str]:
    made = [s for d in graph.definitions if not d.is_source for s in d.outputs]
    tags = {f"{_TAG}{k}={v}" if v else f"{_TAG}{k}" for spec in made for k, v in spec.tags.items()}
    return [*(spec.key for spec in made), *sorted(tags)]


def _is_meant(name: str, definition: AssetDefinition) -> bool:
    """Whether a limit is for some output of this definition: it is called as a whole."""
    if not name.startswith(_TAG):
        return any(spec.key == name for spec in definition.outputs)
    tag, has_value, value = name.removeprefix(_TAG).partition("=")
    return any(
        tag in spec.tags and (not has_value or spec.tags[tag] == value)
        for spec in definition.outputs
    )
