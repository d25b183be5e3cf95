"""Addresses of the pages of customers."""

from bss.customers import views

app_name = "bss_customers"
urlpatterns = [
    *views.CUSTOMER_CREATE.urls("care/customers/new/"),
    *views.CUSTOMERS.urls("care/customers/"),
    *views.CUSTOMER_EDIT.urls("care/customers/<key>/edit/"),
    *views.CUSTOMER.urls("care/customers/<key>/"),
    *views.CONTACT_EDIT.urls("care/contacts/<key>/edit/"),
    *views.CONTACT.urls("care/contacts/<key>/"),
    *views.SITES.urls("care/sites/"),
    *views.SITE_EDIT.urls("care/sites/<key>/edit/"),
    *views.SITE.urls("care/sites/<key>/"),
    *views.INTERACTIONS.urls("care/interactions/"),
    *views.ACCOUNT_CREATE.urls("billing/accounts/new/"),
    *views.ACCOUNTS.urls("billing/accounts/"),
    *views.ACCOUNT_EDIT.urls("billing/accounts/<key>/edit/"),
    *views.ACCOUNT.urls("billing/accounts/<key>/"),
]
