"""The Celery application: queues by kind of work, routes by the app a task lives in, and the beat of the sweepers.

Nothing that must happen depends on the broker: every task works from rows in PostgreSQL, and the `sweep_*` tasks
below send again whatever the broker lost.
"""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("trunkline")
app.conf.update(settings.CELERY)
app.conf.task_routes = {
    "service_mgmt.provisioning.*": {"queue": "provisioning"},
    "service_mgmt.changes.*": {"queue": "provisioning"},
    "oss.southbound.*": {"queue": "provisioning"},
    "bss.usage.*": {"queue": "rating"},
    "bss.billing.*": {"queue": "billing"},
    "oss.monitoring.*": {"queue": "polling"},
    "kernel.run_job_provisioning": {"queue": "provisioning"},
    "kernel.run_job_rating": {"queue": "rating"},
    "kernel.run_job_billing": {"queue": "billing"},
    "kernel.run_job_polling": {"queue": "polling"},
}
app.conf.beat_schedule = {
    "jobs": {"task": "kernel.sweep_jobs", "schedule": 15.0},
    "events": {"task": "kernel.sweep_events", "schedule": 30.0},
    "webhooks": {"task": "kernel.sweep_webhooks", "schedule": 15.0},
    "idempotency-keys": {"task": "kernel.sweep_idempotency_keys", "schedule": 3600.0},
    "partitions": {"task": "kernel.ensure_partitions", "schedule": 24 * 3600.0},
}
app.autodiscover_tasks()
