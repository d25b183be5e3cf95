"""SNMP of the elements: what can be asked (mib), who answers (agent), what is told unasked (traps)."""
