"""Where facts are kept: append-only tables, what is derived from them, and the leases of work in progress.

``open_store`` gives a StateStore by URL. Nothing heavy is loaded before a store is opened.
Rows never leave this package.
"""

from __future__ import annotations

from assets_core.store.opening import open_store as open_store

__all__ = ["open_store"]
