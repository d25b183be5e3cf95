"""Addresses of billing."""

from django.urls import path

from bss.billing import views

app_name = "bss_billing"
urlpatterns = [
    path("billing/invoices/<str:key>/pdf/", views.pdf, name="invoice-pdf"),
    path("billing/invoices/<str:key>/document/", views.document, name="invoice-document"),
    path("billing/invoices/<str:key>/lines/<int:position>/", views.why, name="line-why"),
    *views.INVOICES.urls("billing/invoices/"),
    *views.INVOICE.urls("billing/invoices/<key>/"),
    *views.RUN_CREATE.urls("billing/runs/new/"),
    *views.RUNS.urls("billing/runs/"),
    *views.RUN.urls("billing/runs/<key>/"),
    *views.PAYMENT_CREATE.urls("billing/payments/new/"),
    *views.PAYMENTS.urls("billing/payments/"),
    *views.PAYMENT.urls("billing/payments/<key>/"),
    *views.ENTRIES.urls("billing/ledger/"),
    *views.ADJUSTMENT_CREATE.urls("billing/adjustments/new/"),
    *views.ADJUSTMENTS.urls("billing/adjustments/"),
    *views.ADJUSTMENT.urls("billing/adjustments/<key>/"),
    path("billing/dunning/board/", views.board, name="dunning-board"),
    *views.CASES.urls("billing/dunning/"),
    *views.CASE.urls("billing/dunning/<key>/"),
    *views.CHARGES.urls("billing/charges/"),
    *views.CHARGE.urls("billing/charges/<key>/"),
    *views.RATE_CREATE.urls("billing/taxes/new/"),
    *views.RATES.urls("billing/taxes/"),
    *views.RATE_EDIT.urls("billing/taxes/<key>/edit/"),
    *views.RATE.urls("billing/taxes/<key>/"),
]
