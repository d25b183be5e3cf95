"""RADIUS of the BNG: subscriber sessions, their accounting, and changes of authorization."""
