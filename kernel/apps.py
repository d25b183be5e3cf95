from typing import ClassVar

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class KernelConfig(AppConfig):
    """Bottom layer: what every app stands on. It knows no telecom noun."""

    name = "kernel"
    label = "kernel"
    roles: ClassVar[dict[str, list[str]]] = {
        "integrator": ["manage_webhook"],
        "finance": ["view_audit"],
        "manager": ["view_audit"],
    }

    def ready(self) -> None:
        # Framework signal, not a model signal: roles follow the code at every migrate.
        from kernel import books, partitions, permissions
        from kernel.audit import AUDIT
        from kernel.pages.lists import bulk, exports
        from kernel.tmf import delivery, hub

        post_migrate.connect(permissions.sync_roles, dispatch_uid="kernel.sync_roles")
        post_migrate.connect(partitions.ensure_all, sender=self, dispatch_uid="kernel.partitions")
        hub.connect()
        AUDIT.fill(books.audit_books)
        # Imported for their events and jobs, which every process must know.
        del delivery, bulk, exports
