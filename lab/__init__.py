"""Network elements to run against: a small provider in one process, on loopback (docs/lab.md)."""
