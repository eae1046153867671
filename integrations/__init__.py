"""Adapters to other systems, one folder each; none imports another."""
