"""Pages of problems and known errors, and what they add to the pages of incidents and tickets."""

from service_mgmt.problems.views import elsewhere
from service_mgmt.problems.views.known_errors import KNOWN_ERROR, KNOWN_ERROR_EDIT, KNOWN_ERRORS
from service_mgmt.problems.views.problems import PROBLEM, PROBLEM_CREATE, PROBLEM_EDIT, PROBLEMS

__all__ = [
    "KNOWN_ERROR",
    "KNOWN_ERRORS",
    "KNOWN_ERROR_EDIT",
    "PROBLEM",
    "PROBLEMS",
    "PROBLEM_CREATE",
    "PROBLEM_EDIT",
    "elsewhere",
]
