"""Network elements: ports, counters, services and the element itself."""
