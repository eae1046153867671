"""The grammar of ``expressions`` read by recursive descent, one call per pair of parentheses."""

from __future__ import annotations

from assets_core.errors import UsageError
from assets_core.selection.complaints import complaint
from assets_core.selection.expressions import (
    WORDS,
    Expression,
    Family,
    Origin,
    Roots,
    Sinks,
    Term,
    Walk,
)
from assets_core.selection.levels import Joint, Level, Operand, arranged, readings
from assets_core.selection.terms import read_term
from assets_core.selection.tokens import Mark, Token, tokens_of

MAX_NESTING = 50
MAX_LEVELS_DIGITS = 6


def parse(text: str) -> Expression:
    """Read one selection; UsageError E801 (syntax), E802 (two readings) or E803 (unknown method or status)."""
    if not text.strip():
        raise UsageError(
            "E801", "the selection is empty", help="leave it out to select everything, or write `*`"
        )
    return _Parser(text).group(Mark.END)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._position = 0
        self._nesting = 0

    def group(self, closing: Mark) -> Expression:
        """Everything up to ``closing``, which is consumed."""
        if self._peek().mark is closing:
            raise self._wrong("there is nothing between these parentheses", self._peek())
        first = self._position
        operands = [self._operand()]
        joints: list[Joint] = []
        while self._peek().mark is not closing:
            joints.append(self._joint())
            operands.append(self._operand())
        level = Level(operands, joints)
        if level.is_ambiguous:
            raise self._ambiguous(level, self._tokens[first : self._position])
        if closing is not Mark.END:
            self._position += 1
        return arranged(level)

    def _ambiguous(self, level: Level, tokens: list[Token]) -> UsageError:
        word = next(token for token in tokens if token.bare in WORDS)
        first, second = readings(level)
        return complaint(
            UsageError,
            "E802",
            f"bare spaces (a union) and `{word.bare}` stand side by side, which can be read in two ways",
            self._origin(word),
            help=f"write {first} or {second}",
        )

    def _joint(self) -> Joint:
        token = self._peek()
        if token.mark is Mark.COMMA or token.bare in ("and", "or"):
            return Joint(self._next().bare or ",")
        if token.mark is Mark.END:
            raise self._wrong("a `)` is missing here", token)
        if token.mark is Mark.CLOSE:
            raise self._wrong("this `)` closes nothing", token)
        if token.spaced:
            return Joint.SPACE
        raise self._wrong(
            "two terms touch here",
            token,
            help="put a space, `,`, `and` or `or` between them; quote a text that contains `+`, `(` or `)`",
        )

    def _operand(self) -> Operand:
        if self._peek().bare != "not":
            return Operand(False, self._atom())
        self._position += 1
        if self._peek().bare == "not":
            help = "write `not (not ...)` if it is meant"
            raise self._wrong("`not` stands twice", self._peek(), help=help)
        return Operand(True, self._atom())

    def _atom(self) -> Expression:
        token = self._peek()
        if token.mark is Mark.OPEN:
            return self._parenthesised()
        if token.mark is Mark.AT:
            return self._family()
        if token.bare in WORDS:
            raise self._wrong(f"a term is expected here, not `{token.bare}`", token)
        if token.mark is Mark.WORD and self._touches(Mark.OPEN, self._position + 1):
            return self._function()
        if token.mark in (Mark.WORD, Mark.PLUS):
            return self._walk()
        raise self._wrong(f"a term is expected here, not {token.mark.value}", token)

    def _parenthesised(self) -> Expression:
        opening = self._next()
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self._wrong(f"parentheses are nested more than {MAX_NESTING} deep", opening)
        expression = self.group(Mark.CLOSE)
        self._nesting -= 1
        if self._touches(Mark.PLUS):
            raise self._plus_on_a_group(self._peek())
        return expression

    def _plus_on_a_group(self, token: Token) -> UsageError:
        return self._wrong(
            "`+` belongs to a term, not to a group", token, help="put it on each term: `+a +b`"
        )

    def _function(self) -> Expression:
        name = self._next()
        if name.bare == "roots":
            return Roots(self._parenthesised())
        if name.bare == "sinks":
            return Sinks(self._parenthesised())
        raise self._wrong(
            f"`{self._text[name.start : name.end]}` is not a function",
            name,
            help="the functions are `roots(...)` and `sinks(...)`",
        )

    def _family(self) -> Family:
        at = self._next()
        if not self._touches(Mark.WORD):
            raise self._wrong("`@` belongs to the term that follows it", at, help="write `@term`")
        term = self._term()
        if self._touches(Mark.PLUS):
            help = "`@term` already goes down and back up"
            raise self._wrong("`@` and `+` exclude each other", self._peek(), help=help)
        return Family(term)

    def _walk(self) -> Expression:
        up = self._levels_above()
        term = self._term()
        down = self._levels_below()
        return term if up == down == 0 else Walk(term, up, down)

    def _levels_above(self) -> int | None:
        levels: int | None = None
        if self._is_number() and self._touches(Mark.PLUS, self._position + 1):
            levels = self._number(self._next())
        elif self._peek().mark is not Mark.PLUS:
            return 0
        plus = self._next()
        if self._touches(Mark.OPEN):
            raise self._plus_on_a_group(plus)
        if not self._touches(Mark.WORD):
            raise self._wrong(
                "`+` belongs to the term it touches", plus, help="write `+term` or `term+`"
            )
        return levels

    def _levels_below(self) -> int | None:
        if not self._touches(Mark.PLUS):
            return 0
        self._position += 1
        return (
            self._number(self._next()) if self._is_number() and self._touches(Mark.WORD) else None
        )

    def _is_number(self) -> bool:
        return (self._peek().bare or "").isdecimal()

    def _number(self, token: Token) -> int:
        if token.end - token.start > MAX_LEVELS_DIGITS:
            summary = f"a number of levels has at most {MAX_LEVELS_DIGITS} digits"
            raise self._wrong(summary, token, help="leave it out for all levels")
        return int(token.bare or "0")

    def _term(self) -> Term:
        return read_term(self._text, self._next())

    def _peek(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        self._position += 1
        return self._tokens[self._position - 1]

    def _touches(self, mark: Mark, position: int | None = None) -> bool:
        """Whether a ``mark`` comes next (or stands at ``position``) without a blank before it."""
        token = self._tokens[self._position if position is None else position]
        return token.mark is mark and not token.spaced

    def _origin(self, token: Token) -> Origin:
        return Origin(self._text, token.start, token.end)

    def _wrong(self, summary: str, token: Token, *, help: str | None = None) -> UsageError:
        return complaint(UsageError, "E801", summary, self._origin(token), help=help)
