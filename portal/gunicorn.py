"""How gunicorn serves the portal in production. ./dev names its own options: one port on the loopback."""

import os

bind = os.environ.get("WEB_BIND", "0.0.0.0:8000")
# Threads wait for the database, processes use the cores.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "16"))
# Live pages hold a thread for long; a worker that hangs is still found, because it must report in between.
timeout = 60
graceful_timeout = 20
# Memory that a process has lost to fragmentation comes back, and not in all processes at once.
max_requests = 20_000
max_requests_jitter = 2_000
# A heartbeat file on a disk under load would look like a hanging worker.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - gunicorn makes a private file there
# Who may say that a request came by HTTPS: the proxy's addresses, nobody by default.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
# Nothing steers the server from outside, and two installations on one machine would share the default socket.
control_socket_disable = True
accesslog = "-" if os.environ.get("WEB_ACCESS_LOG") else None
