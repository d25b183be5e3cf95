"""Workflows, one file each. Importing this package registers them all."""

from service_mgmt.provisioning.workflows import change_speed, disconnect, new_service, resume, suspend

__all__ = ["change_speed", "disconnect", "new_service", "resume", "suspend"]
