"""The scripts behind every figure that the README states; run them with ``make bench``."""
