"""Addresses of usage."""

from django.urls import path

from bss.usage import views

app_name = "bss_usage"
urlpatterns = [
    *views.FILE_UPLOAD.urls("billing/usage/files/new/"),
    *views.FILES.urls("billing/usage/files/"),
    *views.FILE.urls("billing/usage/files/<key>/"),
    path("billing/usage/suspense/causes/", views.causes, name="suspense-causes"),
    *views.SUSPENSE.urls("billing/usage/suspense/"),
    *views.SUSPENDED.urls("billing/usage/suspense/<key>/"),
    *views.SOURCE_CREATE.urls("billing/usage/sources/new/"),
    *views.SOURCES.urls("billing/usage/sources/"),
    *views.SOURCE.urls("billing/usage/sources/<key>/"),
    *views.BUCKETS.urls("billing/usage/allowances/"),
    *views.IDENTIFIERS.urls("billing/usage/identifiers/"),
    *views.SESSIONS.urls("billing/usage/sessions/"),
    *views.RECORDS.urls("billing/usage/records/"),
    *views.RECORD.urls("billing/usage/records/<key>/"),
]
