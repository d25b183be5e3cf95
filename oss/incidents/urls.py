"""Addresses of incidents and runbook runs."""

from oss.incidents import views

app_name = "oss_incidents"
urlpatterns = [
    *views.INCIDENT_CREATE.urls("assure/incidents/new/"),
    *views.INCIDENTS.urls("assure/incidents/"),
    *views.INCIDENT.urls("assure/incidents/<key>/"),
    *views.RUNS.urls("assure/runs/"),
    *views.RUN_PAGE.urls("assure/runs/<key>/"),
]
