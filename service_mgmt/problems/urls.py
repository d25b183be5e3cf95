"""Addresses of problems and known errors."""

from service_mgmt.problems import views

app_name = "service_mgmt_problems"
urlpatterns = [
    *views.PROBLEM_CREATE.urls("assure/problems/new/"),
    *views.PROBLEMS.urls("assure/problems/"),
    *views.PROBLEM_EDIT.urls("assure/problems/<key>/edit/"),
    *views.PROBLEM.urls("assure/problems/<key>/"),
    *views.KNOWN_ERRORS.urls("assure/known-errors/"),
    *views.KNOWN_ERROR_EDIT.urls("assure/known-errors/<key>/edit/"),
    *views.KNOWN_ERROR.urls("assure/known-errors/<key>/"),
]
