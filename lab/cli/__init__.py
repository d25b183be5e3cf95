"""The two vendors' command lines, and the SSH server they are reached by."""
