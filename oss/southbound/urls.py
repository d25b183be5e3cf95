"""Addresses of the pages of element sessions and endpoints."""

from oss.southbound import views

app_name = "oss_southbound"
urlpatterns = [
    *views.SESSIONS.urls("network/sessions/"),
    *views.SESSION.urls("network/sessions/<key>/"),
    *views.ENDPOINT_CREATE.urls("network/endpoints/new/"),
    *views.CREDENTIAL_CREATE.urls("network/endpoints/credential/"),
    *views.ENDPOINTS.urls("network/endpoints/"),
]
