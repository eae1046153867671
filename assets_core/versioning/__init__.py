"""Code fingerprints and config versions: what of a definition counts, and as which bytes."""
