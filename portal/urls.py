"""All URLs of the portal: its own pages, the pages of every installed app, and the REST surface."""

from importlib.util import find_spec

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path, re_path

from portal.views import access, account, audit, developers, errors, health, home, inbox, jobs, live, search

AREAS = {"oss", "bss", "service_mgmt"}

own: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("home/cards/<str:name>/", home.card, name="home-card"),
    path("home/arrange/", home.arrange, name="home-arrange"),
    path("search", search.page, name="search"),
    path("palette/", search.palette, name="palette"),
    path("go/<path:text>", search.go, name="go"),
    path("pick/<str:detail>/", search.pick, name="pick"),
    path("live/", live.stream, name="live"),
    path("live/poll/", live.poll, name="live-poll"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/count/", inbox.count, name="inbox-count"),
    *jobs.JOBS.urls("jobs/"),
    path("jobs/<str:key>/progress/", jobs.progress, name="job-progress"),
    path("jobs/<str:key>/file/", jobs.file, name="job-file"),
    path("jobs/<str:key>/failures/", jobs.failures, name="job-failures"),
    *jobs.JOB.urls("jobs/<key>/"),
    path("login/", account.sign_in, name="login"),
    path("logout/", account.sign_out, name="logout"),
    path("quick/", account.quick, name="quick"),
    path("preferences/", account.preferences, name="preferences"),
    path("password/", account.password, name="password"),
    path("developers/", developers.centre, name="developers"),
    path("developers/tokens/", developers.issue, name="token-issue"),
    path("developers/tokens/<uuid:pk>/revoke/", developers.revoke, name="token-revoke"),
    path("developers/apis/<str:number>/", developers.documentation, name="api-docs"),
    *developers.HOOK_CREATE.urls("developers/hooks/new/"),
    *developers.HOOKS.urls("developers/hooks/"),
    path("developers/hooks/<str:key>/rotate/", developers.rotate, name="hook-rotate"),
    *developers.HOOK.urls("developers/hooks/<key>/"),
    *developers.DELIVERY.urls("developers/deliveries/<key>/"),
    *audit.AUDIT.urls("audit/"),
    path("audit/object/<str:kind>/<uuid:pk>/", audit.audited, name="audit-object"),
    *access.USERS.urls("access/"),
    *access.USER_ROLES.urls("access/<key>/roles/"),
    *access.USER.urls("access/<key>/"),
]

# Probes stand outside the namespace's pages and take both forms people type.
probes: list[URLPattern | URLResolver] = [
    re_path(r"^healthz/?$", health.alive, name="healthz"),
    re_path(r"^readyz/?$", health.ready, name="readyz"),
]


def _apps() -> list[URLPattern | URLResolver]:
    """`urls.py` of every installed app of the three areas, upper layers first.

    A layer's own addresses may lie below a lower layer's: `orders/fallout/` must be asked before `orders/<key>/`.
    """
    return [
        path("", include(f"{config.name}.urls"))
        for config in sorted(
            apps.get_app_configs(), key=lambda config: config.name.split(".")[0] != "service_mgmt"
        )
        if config.name.split(".")[0] in AREAS and find_spec(f"{config.name}.urls")
    ]


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((own, "portal"))),
    *probes,
    *_apps(),
    path("", include("portal.api")),
]

handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
