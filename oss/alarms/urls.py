"""Addresses of the alarm console and of maintenance windows."""

from oss.alarms import views

app_name = "oss_alarms"
urlpatterns = [
    *views.ALARMS.urls("assure/alarms/"),
    *views.ALARM.urls("assure/alarms/<key>/"),
    *views.MAINTENANCE_CREATE.urls("assure/maintenance/new/"),
    *views.MAINTENANCE.urls("assure/maintenance/"),
    *views.WINDOW_PAGE.urls("assure/maintenance/<key>/"),
]
