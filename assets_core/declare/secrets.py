"""Secrets: read by reference, and replaced by ``***`` wherever text leaves the process.

A reference is a table of one key: ``{env="X"}``, ``{file="path"}`` (relative to the project's root; one final newline
is not part of it) or ``{keyring="service/user"}``. Redaction is by value: the redactor knows every secret that was
resolved, in the spellings in which logs, addresses, JSON and tracebacks show it.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypeGuard
from urllib.parse import quote, quote_plus, unquote

from assets_core.errors import ConfigError, Place
from assets_core.model.json import JSON

MASK = "***"
REFERENCES = ("env", "file", "keyring")
_URL_PASSWORD = re.compile(r"[A-Za-z][\w+.-]*://[^\s/?#@:]*:([^\s/?#]*)@")
_QUERY_PASSWORD = re.compile(r"[?&](?:ssl)?password=([^\s&#]+)")
_SHORT = 4
"""A shorter secret is replaced only where it stands alone: replacing every "a" would destroy the text and tell it."""
_LONG_LINE = 8

Environ: TypeAlias = Mapping[str, str]


class Redactor:
    """Knows secret values; safe to use from several threads (its table is replaced, never changed)."""

    def __init__(self) -> None:
        self._values: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()
        self._words: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        """Know a secret from now on. A text of several lines is also known line by line, as logs show it."""
        lines = [line for line in map(str.strip, value.splitlines()) if len(line) >= _LONG_LINE]
        fresh = {value, value.strip(), *lines} - self._values
        if not value.strip() or not fresh:
            return
        self._values |= fresh
        forms = {form for known in self._values for form in _forms(known)}
        # Longest first: a secret may contain another one.
        self._forms = tuple(sorted((f for f in forms if len(f) >= _SHORT), key=len, reverse=True))
        short = "|".join(re.escape(form) for form in sorted(forms) if len(form) < _SHORT)
        self._words = re.compile(rf"(?<!\w)(?:{short})(?!\w)") if short else None

    def add_url(self, text: str) -> None:
        """Know the passwords of the addresses in ``text``, as written and decoded."""
        for password in _URL_PASSWORD.findall(text) + _QUERY_PASSWORD.findall(text):
            self.add(password)
            self.add(unquote(password))

    def add_configured(self, value: object, *, environ: Environ, root: Path) -> None:
        """Know what a configured value holds or refers to, before anything uses it: user code may tell it earlier.

        A keyring is not asked, because it may ask a person; what cannot be read is an error of whoever uses it.
        """
        if isinstance(value, str):
            self.add_url(value)
        elif isinstance(value, Mapping) and is_reference(value) and "keyring" not in value:
            with contextlib.suppress(ConfigError):
                secret = resolve_reference(value, "", None, environ=environ, root=root)
                self.add(secret)
                self.add_url(secret)
        elif isinstance(value, Mapping | list | tuple):
            for item in value.values() if isinstance(value, Mapping) else value:
                self.add_configured(item, environ=environ, root=root)

    def redact(self, text: str) -> str:
        """``text`` with every known secret replaced by ``***``."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text if self._words is None else self._words.sub(MASK, text)

    def redact_bytes(self, data: bytes) -> bytes:
        """The same for captured output, which may be no text at all. Hand over whole lines."""
        return self.redact(data.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    def redact_json(self, value: JSON) -> JSON:
        """The same for every text in a JSON value, keys included."""
        return redacted_json(value, self.redact)


def redacted_json(value: JSON, redact: Callable[[str], str]) -> JSON:
    """A JSON value with every text in it redacted, keys included."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(name): redacted_json(item, redact) for name, item in value.items()}
    if isinstance(value, Sequence):
        return [redacted_json(item, redact) for item in value]
    return value


def _forms(value: str) -> Iterable[str]:
    """The spellings of a secret: as it is, in addresses, in JSON, in ``repr`` and in HTML."""
    from html import escape

    percent = {quote(value, safe=safe, errors="replace") for safe in ("", "/", " +", "/:@")}
    percent.add(quote_plus(value, errors="replace"))
    yield value
    yield from percent
    yield from (re.sub(r"%..", lambda found: found[0].lower(), form) for form in percent)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield ascii(value)[1:-1]
    yield escape(value)
    yield escape(value, quote=False)


def is_reference(value: object) -> TypeGuard[Mapping[str, str]]:
    """Whether a configured value refers to a secret instead of being one."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    [(kind, target)] = value.items()
    return kind in REFERENCES and isinstance(target, str)


def resolve_reference(
    reference: Mapping[str, str], what: str, place: Place | None, *, environ: Environ, root: Path
) -> str:
    """The secret that ``reference`` means; ``what`` names the field. Raises ConfigError E409, never with a value."""
    [(kind, target)] = reference.items()
    if kind == "env":
        return _from_variable(target, what, place, environ)
    if kind == "file":
        return _from_file(target, what, place, root)
    return _from_keyring(target, what, place)


def _from_variable(name: str, what: str, place: Place | None, environ: Environ) -> str:
    if environ.get(name):
        return environ[name]
    state = "is empty" if name in environ else "is not set"
    summary = f"{what} is read from the variable {name}, which {state}"
    raise ConfigError("E409", summary, place=place, help=f"set it: export {name}=...")


def _from_file(name: str, what: str, place: Place | None, root: Path) -> str:
    try:
        text = (root / Path(name).expanduser()).read_text()
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) else None
        ) or "it is not a readable text"
        summary = f"{what} is read from the file `{name}`, which cannot be read: {reason}"
        raise ConfigError("E409", summary, place=place) from None
    if text.strip():
        return text.removesuffix("\n").removesuffix("\r")
    raise ConfigError("E409", f"{what} is read from the file `{name}`, which is empty", place=place)


def _from_keyring(target: str, what: str, place: Place | None) -> str:
    import importlib

    service, slash, user = target.rpartition("/")
    if not (slash and service and user):
        summary = (
            f"{what} refers to the keyring entry `{target}`, which is not of the form service/user"
        )
        raise ConfigError("E409", summary, place=place)
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        summary = f"{what} is read from the keyring, but the package `keyring` is not installed"
        help = 'install it, or refer to a variable: {env = "NAME"}'
        raise ConfigError("E409", summary, place=place, help=help) from None
    try:
        secret = keyring.get_password(service, user)
    except Exception as error:
        summary = f"{what} is read from the keyring, which failed: {type(error).__name__}"
        raise ConfigError("E409", summary, place=place) from None
    if isinstance(secret, str) and secret:
        return secret
    summary = f"{what} is read from the keyring, which has no entry `{target}`"
    raise ConfigError("E409", summary, place=place, help=f"add it: keyring set {service} {user}")
