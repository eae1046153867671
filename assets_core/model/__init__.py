"""Frozen values that every layer shares: keys, versions, specs, events, outcomes. No I/O."""
