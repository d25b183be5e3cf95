"""How states of customers look."""

from bss.customers.models import Agreement, BillingAccount, Customer, Interaction
from kernel import pages

CUSTOMER_STATUS = pages.badges(
    "bss_customers.customer",
    Customer.Status,
    prospect="grey user",
    active="green check",
    closed="grey x end",
    merged="grey git-branch end",
)
ACCOUNT_STATUS = pages.badges(
    "bss_customers.account",
    BillingAccount.Status,
    active="green check",
    suspended="amber player-pause",
    closed="grey x end",
)
AGREEMENT_STATUS = pages.badges(
    "bss_customers.agreement",
    Agreement.Status,
    in_process="blue edit",
    approved="green check",
    rejected="red x end",
    ended="grey flag end",
)
INTERACTION_STATUS = pages.badges(
    "bss_customers.interaction",
    Interaction.Status,
    open="blue circle-dot",
    in_progress="blue hourglass",
    completed="grey check end",
)
