"""Our quick ``dataclass`` does what the standard library's does: every case is asked of both."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from assets_core.dataclass import dataclass as quick

BOTH = pytest.mark.parametrize("dataclass", [dataclasses.dataclass, quick], ids=["std", "quick"])


def wide(dataclass: Any) -> Any:
    """A class with every kind of field that we use."""

    @dataclass(frozen=True, slots=True)
    class Wide:
        a: int
        b: str = "b"
        c: list[int] = field(default_factory=list)
        d: object = field(default=None, compare=False, repr=False)
        e: int = field(default=0, kw_only=True)

    return Wide


@BOTH
def test_arguments_are_taken_by_place_name_and_default(dataclass: Any) -> None:
    cls = wide(dataclass)
    made = cls(1, "x", e=5)
    assert (made.a, made.b, made.c, made.d, made.e) == (1, "x", [], None, 5)
    assert cls(1).c is not cls(1).c
    with pytest.raises(
        TypeError, match=r"Wide\.__init__\(\) missing 1 required positional argument: 'a'"
    ):
        cls()
    with pytest.raises(TypeError, match="takes from 2 to 5 positional arguments"):
        cls(1, "x", [], None, 5)
    assert list(inspect.signature(cls).parameters) == ["a", "b", "c", "d", "e"]
    assert cls.__match_args__ == ("a", "b", "c", "d")


@BOTH
def test_equality_hash_and_text_follow_the_fields(dataclass: Any) -> None:
    cls = wide(dataclass)
    first, second = cls(1, c=(), d="x"), cls(1, c=(), d="y")
    assert first == second
    assert hash(first) == hash(second)
    assert first != cls(2, c=())
    assert first != (1, "b", (), 0)
    assert repr(first).endswith("Wide(a=1, b='b', c=(), e=0)")
    assert hash(first) == hash((1, "b", (), 0))


@BOTH
def test_a_frozen_one_refuses_changes(dataclass: Any) -> None:
    made = wide(dataclass)(1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'a'"):
        made.a = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'a'"):
        del made.a
    with pytest.raises((FrozenInstanceError, TypeError)):  # the standard one fails at it, in 3.11
        made.unknown = 2


@BOTH
def test_one_that_is_not_frozen_changes_and_has_no_hash(dataclass: Any) -> None:
    @dataclass(slots=True)
    class Open:
        a: int

    made = Open(1)
    made.a = 2
    assert made == Open(2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)


@BOTH
def test_without_eq_objects_are_their_identity(dataclass: Any) -> None:
    @dataclass(frozen=True, slots=True, eq=False, repr=False)
    class Alone:
        a: int

    assert Alone(1) != Alone(1)
    assert len({Alone(1), Alone(1)}) == 2
    assert "object at" in repr(Alone(1))


@BOTH
@pytest.mark.parametrize(
    "compare", [lambda a, b: a < b, lambda a, b: a <= b, lambda a, b: a > b, lambda a, b: a >= b]
)
def test_order_is_that_of_the_fields(dataclass: Any, compare: Callable[[Any, Any], bool]) -> None:
    @dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        a: int
        b: str

    for pair in (((1, "a"), (1, "b")), ((2, "a"), (1, "b")), ((1, "a"), (1, "a"))):
        assert compare(Ordered(*pair[0]), Ordered(*pair[1])) == compare(*pair)
    with pytest.raises(TypeError):
        compare(Ordered(1, "a"), (1, "a"))


@BOTH
def test_what_a_class_writes_itself_stays(dataclass: Any) -> None:
    @dataclass(frozen=True, slots=True)
    class Own:  # noqa: PLW1641 - its hash is made
        a: int

        def __post_init__(self) -> None:
            object.__setattr__(self, "a", self.a + 1)

        def __eq__(self, other: object) -> bool:
            return True

        def __repr__(self) -> str:
            return "own"

    assert Own(1).a == 2
    assert Own(1) == Own(5) == "anything"
    assert hash(Own(1)) == hash((2,))
    assert repr(Own(1)) == "own"


@BOTH
def test_no_field_and_one_field_are_no_special_cases(dataclass: Any) -> None:
    @dataclass(frozen=True, slots=True)
    class Nothing:
        pass

    @dataclass(frozen=True, slots=True)
    class One:
        a: object

    nan = float("nan")
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(())
    assert One(nan) == One(nan)
    assert hash(One("x")) == hash(("x",))


@BOTH
def test_the_standard_functions_take_it(dataclass: Any) -> None:
    cls = wide(dataclass)
    made = dataclasses.replace(cls(1), b="z")
    assert dataclasses.asdict(made) == {"a": 1, "b": "z", "c": [], "d": None, "e": 0}
    assert dataclasses.is_dataclass(cls)
    assert cls.__dataclass_params__.frozen
    assert copy.deepcopy(made) == made
    assert copy.copy(made) == made
    assert not hasattr(made, "__dict__")


@BOTH
def test_state_is_taken_and_given_back_though_it_is_frozen(dataclass: Any) -> None:
    cls = wide(dataclass)
    made = cls(1, "x", e=3)
    empty = object.__new__(cls)
    empty.__setstate__(made.__getstate__())
    assert empty == made
