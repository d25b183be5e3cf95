"""Addresses of health, limits and charts."""

from django.urls import path

from oss.monitoring import views

app_name = "oss_monitoring"
urlpatterns = [
    *views.HEALTH.urls("assure/health/"),
    path("assure/explore/", views.explore, name="explore"),
    *views.THRESHOLD_CREATE.urls("assure/limits/new/"),
    *views.THRESHOLDS.urls("assure/limits/"),
    *views.THRESHOLD_EDIT.urls("assure/limits/<key>/edit/"),
    *views.THRESHOLD.urls("assure/limits/<key>/"),
]
