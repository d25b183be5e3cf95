"""Addresses of the pages of care."""

from bss.care import views

app_name = "bss_care"
urlpatterns = [
    *views.TICKET_CREATE.urls("care/tickets/new/"),
    *views.TICKETS.urls("care/tickets/"),
    *views.TICKET_EDIT.urls("care/tickets/<key>/edit/"),
    *views.TICKET_REPLY.urls("care/tickets/<key>/reply/"),
    *views.TICKET_NOTE.urls("care/tickets/<key>/note/"),
    *views.TICKET.urls("care/tickets/<key>/"),
    *views.TEMPLATE_CREATE.urls("care/templates/new/"),
    *views.TEMPLATES.urls("care/templates/"),
    *views.TEMPLATE_EDIT.urls("care/templates/<key>/edit/"),
    *views.TEMPLATE.urls("care/templates/<key>/"),
    *views.NOTICES.urls("care/notices/"),
    *views.NOTICE_DETAIL.urls("care/notices/<key>/"),
]
