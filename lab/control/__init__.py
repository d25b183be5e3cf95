"""The lab's own door: faults on demand, over a socket that speaks JSON lines."""
