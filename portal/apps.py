from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Composition root: the only place that knows every area."""

    name = "portal"
    label = "portal"
