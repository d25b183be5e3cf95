from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Composition root: the only place that knows every area."""

    name = "portal"
    label = "portal"

    def ready(self) -> None:
        # Whoever sends a task (web, dispatcher, command) must know our broker and queues.
        from portal import celery

        celery.app.set_default()

        from kernel.slots import slot
        from portal.story import progress

        slot("portal.home_banner").fill(progress.banner)
