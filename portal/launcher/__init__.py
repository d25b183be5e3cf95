"""What `./dev` does: environment, front-end assets, embedded servers and supervised processes.

It runs before anything is installed, so it uses the standard library alone; `portal/__init__.py` is empty for the
same reason.
"""
