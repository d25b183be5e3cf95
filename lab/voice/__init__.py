"""The voice gateway: calls, and the files of call records they end in."""
