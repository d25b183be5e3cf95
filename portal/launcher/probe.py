"""Is the web server of this container well? `python -m portal.launcher.probe`, for health checks."""

import os
import sys
import urllib.request
from collections.abc import Mapping


def host(environment: Mapping[str, str]) -> str:
    """A name that the portal answers to: it refuses the loopback's unless that is configured."""
    names = [name.strip().lstrip(".") for name in environment.get("ALLOWED_HOSTS", "").split(",")]
    return next((name for name in names if name and name != "*"), "localhost")


def is_well(port: int, environment: Mapping[str, str]) -> bool:
    """Whether /healthz answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host(environment)})
    try:
        with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    web_port = int(os.environ.get("WEB_BIND", "0.0.0.0:8000").rpartition(":")[2])
    sys.exit(0 if is_well(web_port, os.environ) else 1)
