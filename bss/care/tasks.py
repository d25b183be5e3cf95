"""Celery entry points of care."""

from celery import shared_task

from bss.care import services


@shared_task(name="bss.care.send_pending")
def send_pending() -> None:
    """After notices were written, and every 15 s for what the broker lost or a pause held back."""
    services.send_pending()


@shared_task(name="bss.care.close_silent")
def close_silent() -> None:
    """Hourly: resolved tickets nobody objected to."""
    services.close_silent()
