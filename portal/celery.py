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
    "oss.incidents.run_*": {"queue": "provisioning"},
    "bss.usage.*": {"queue": "rating"},
    "bss.billing.*": {"queue": "billing"},
    "oss.monitoring.*": {"queue": "polling"},
    "kernel.run_job_provisioning": {"queue": "provisioning"},
    "kernel.run_job_rating": {"queue": "rating"},
    "kernel.run_job_billing": {"queue": "billing"},
    "kernel.run_job_polling": {"queue": "polling"},
}
# Task → seconds between its runs. Every one is safe to run twice and cheap when there is nothing to do.
SCHEDULE = {
    "kernel.sweep_jobs": 15,
    "kernel.sweep_events": 30,
    "kernel.sweep_webhooks": 15,
    "kernel.sweep_idempotency_keys": 3600,
    "kernel.ensure_partitions": 24 * 3600,
    "oss.inventory.expire_reservations": 60,
    "oss.addressing.expire_reservations": 60,
    "oss.monitoring.poll_all": settings.POLL_SECONDS,
    "oss.monitoring.roll_up": 60,
    "oss.alarms.sweep": 5,
    "oss.incidents.sweep": 5,
    "bss.usage.sweep_files": 60,
    "bss.usage.drain_accounting": 30,
    "bss.billing.run_dunning": 3600,
    "bss.care.send_pending": 15,
    "bss.care.close_silent": 3600,
    "service_mgmt.provisioning.sweep": 5,
    "service_mgmt.levels.record_windows": 60,
    "service_mgmt.levels.close_months": 3600,
    "service_mgmt.changes.sweep": 15,
    "service_mgmt.problems.verify_fixes": 3600,
}
app.conf.beat_schedule = {
    name: {"task": name, "schedule": float(seconds)} for name, seconds in SCHEDULE.items()
}
app.autodiscover_tasks()
