"""What a project declares: specs (facts about one asset) and definitions (how a group of outputs is made).

One definition type serves every kind of asset; its ``body`` says how it is made. A definition has one output, except a
multi-asset. There is no global registry and no second, serialised mirror of these values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from assets_core.errors import Place
from assets_core.model.checks import CheckSpec
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.partitions import PartitionMapping, PartitionsDefinition

Kind: TypeAlias = str
"""``python``, ``sql``, ``source``, or what an integration calls its assets (``dbt``)."""

Batch: TypeAlias = "int | Literal['all']"
BatchInputs: TypeAlias = Literal["own", "shared"]


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed attempt is tried again: ``delay * backoff**n`` seconds, plus or minus ``jitter`` of it.

    ``when`` decides by exception; without it every ``Exception`` is retried. Times are in seconds.
    """

    max_retries: int = 0
    delay: float = 0.0
    backoff: float = 1.0
    jitter: float = 0.0
    when: Callable[[BaseException], bool] | None = None


@dataclass(frozen=True, slots=True)
class Dependency:
    """One declared input. ``upstream`` is the name as written until the graph resolves it to a key."""

    upstream: str
    parameter: str | None
    """The function's parameter, or None for ``deps``: a dependency that is versioned but not loaded."""
    place: Place | None
    mapping: PartitionMapping | None = None
    columns: tuple[str, ...] | None = None
    """The only columns that are loaded, which makes the edge column-aware; None means the whole value."""
    optional: bool = False
    annotation: object = None
    """What to load it as: a type, a string naming a type that stays lazy, or None for the type it was produced as."""


@dataclass(frozen=True, slots=True)
class ContextParameter:
    """The parameter that receives the AssetContext."""

    name: str


@dataclass(frozen=True, slots=True)
class ConfigParameter:
    """A parameter that receives resolved configuration; ``model`` is a subclass of Config."""

    name: str
    model: type


@dataclass(frozen=True, slots=True)
class ConnectionParameter:
    """A parameter that receives a connection by its own name; never versioned."""

    name: str
    model: type


@dataclass(frozen=True, slots=True)
class InputParameter:
    """A parameter that receives the loaded value of ``dependency``."""

    name: str
    dependency: Dependency


Parameter: TypeAlias = "ContextParameter | ConfigParameter | ConnectionParameter | InputParameter"


@dataclass(frozen=True, slots=True)
class PythonBody:
    """A user's function, called with ``parameters`` by keyword."""

    function: Callable[..., object]
    parameters: tuple[Parameter, ...]
    returns: object = None
    """The return annotation as resolved, a string where it stays lazy, None where there is none."""
    constants: tuple[str, ...] = ()
    """The parameters that keep their default: part of the code, and no upstreams."""


@dataclass(frozen=True, slots=True)
class SqlBody:
    """A query over the upstreams named in it; ``file`` is where the text stands."""

    text: str
    dialect: str
    file: str
    line: int
    threads: int = 1


@dataclass(frozen=True, slots=True)
class SourceBody:
    """Something the project does not make: how its token is observed and, unless it is for lineage only, loaded."""

    observe: Callable[..., object]
    function: Callable[..., object] | None
    parameters: tuple[Parameter, ...]
    observe_parameters: tuple[Parameter, ...] = ()
    constant: bool = False
    """``observe=CONSTANT``: declared never to change."""
    returns: object = None
    """As in PythonBody."""
    constants: tuple[str, ...] = ()
    """As in PythonBody."""


Body: TypeAlias = "PythonBody | SqlBody | SourceBody"


@dataclass(frozen=True, slots=True, eq=False)
class AssetSpec:
    """The facts about one asset. Of these only what shapes the output takes part in its code version."""

    key: AssetKey
    kind: Kind
    place: Place
    partitions: PartitionsDefinition
    description: str = ""
    group: str = "default"
    tags: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    metadata: Mapping[str, JSON] = field(default_factory=dict)
    checks: tuple[CheckSpec, ...] = ()
    materializer: str | None = None
    materializer_options: Mapping[str, JSON] = field(default_factory=dict)
    output: str = ""
    """How a multi-asset's function calls this output: the name given to ``Out``; ``""`` elsewhere."""
    optional: bool = False
    """A multi-asset's output that a call may leave out."""
    deterministic: bool = True
    row_key: tuple[str, ...] = ()
    """``key=``: the columns that come first in the canonical row order of a SQL asset."""
    row_order: Literal["canonical", "as_produced"] | None = None
    """None: as produced for Python, canonical for SQL."""


@dataclass(frozen=True, slots=True, eq=False)
class AssetDefinition:
    """How one group of outputs is made: what the decorators return and what a step executes.

    Calling a definition calls the user's function, so assets stay plain functions in tests.
    """

    outputs: tuple[AssetSpec, ...]
    body: Body
    place: Place
    dependencies: tuple[Dependency, ...]
    """Every input: the loaded ones first, in the order of the parameters, then ``deps``."""
    code_version: str | None = None
    batch: Batch = 1
    batch_inputs: BatchInputs = "own"
    can_subset: bool = False
    publish: Literal["each", "together"] = "each"
    retry: Retry = Retry()
    timeout: float | None = None
    """Seconds that one call may take, its checks included."""
    pool: tuple[tuple[str, int], ...] = ()
    """(name, slots) of the pools from which a call takes slots while it runs."""
    priority: int = 0
    """Of what is ready, calls of greater priority start first."""

    @property
    def key(self) -> AssetKey:
        """The key of a definition with one output; a multi-asset's first."""
        return self.outputs[0].key

    @property
    def makes_all(self) -> bool:
        """Whether there are several outputs, and no call can make or publish one without the others."""
        return len(self.outputs) > 1 and (not self.can_subset or self.publish == "together")

    @property
    def is_source(self) -> bool:
        """Whether this is observed rather than made."""
        return isinstance(self.body, SourceBody)

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call the user's function as it was written."""
        match self.body:
            case PythonBody(function=function):
                return function(*args, **kwargs)
            case SourceBody(function=function) if function is not None:
                return function(*args, **kwargs)
            case _:
                raise TypeError(f"asset `{self.key}` has no Python function to call")
