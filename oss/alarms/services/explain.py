"""Why an alarm is a root or a symptom, in the reader's words. Rules store facts; sentences are made here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

RULES: Mapping[str, Any] = {
    # Roots
    "link_down": _("both ends of link %(link)s are down: %(a)s and %(b)s"),
    "link_down_one_end": _("%(port)s, an end of link %(link)s, is down; the other end tells nothing"),
    "element_power": _("%(element)s announced with its last gasp that its power was lost"),
    "site_power": _("%(count)s elements at %(location)s lost their power together: %(elements)s"),
    "element_down": _(
        "%(element)s does not answer and all its %(count)s links are down, seen from their other ends"
    ),
    "element_silent": _("%(element)s does not answer, and no known fault lies on the way to it"),
    "cohort": _("%(count)s of %(total)s customer lines on %(element)s went down together"),
    "cohort_power": _("%(count)s of %(total)s customers on %(element)s lost their power together"),
    "alone": _("nothing else explains it"),
    # Symptoms
    "sign_of_link": _("%(port)s is an end of link %(link)s"),
    "cut_off": _("%(element)s can be reached only over what is broken: %(root)s"),
    "cut_off_together": _("%(element)s is cut off since the last of its ways broke: %(root)s"),
    "far_end_of_power": _("%(port)s leads to %(element)s, which lost its power"),
    "far_end_of_element": _("%(port)s leads to %(element)s, which is down"),
    "no_power": _("%(element)s has no power"),
    "protocol": _("the session ran over %(root)s"),
    "same_port": _("it concerns the same port"),
    "one_of_cohort": _("it is one of %(count)s lines that failed together on %(element)s"),
    "by_hand": _("grouped by %(by)s"),
    "taught": _("an operator grouped the two before"),
}


def because(facts: Mapping[str, Any]) -> str:
    """The sentence for the facts of one alarm; empty when correlation has not decided yet."""
    rule = RULES.get(str(facts.get("rule", "")))
    if rule is None:
        return ""
    try:
        return str(rule) % facts.get("params", {})
    except (KeyError, ValueError):
        # Facts stored by an older version: the rule's name is better than a page that fails.
        return str(facts["rule"])
