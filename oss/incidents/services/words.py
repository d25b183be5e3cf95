"""Sentences for what the system notes: timelines and diagnoses store facts, readers get their own language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from oss.incidents.models import CauseCode, Impact, Priority

ENTRIES: Mapping[str, Any] = {
    "opened": _("Opened for %(alarm)s"),
    "opened_by_hand": _("Opened by hand"),
    "rerooted": _("The cause is now %(alarm)s"),
    "symptoms": _("%(count)s more alarms belong to it"),
    "impact": _("Impact is %(impact)s: %(services)s services of %(customers)s customers"),
    "impact_guess": _("Impact is %(impact)s by the ports in use: %(ports)s"),
    "priority": _("Priority goes from %(before)s to %(after)s"),
    "assigned": _("%(who)s takes command"),
    "unassigned": _("Nobody has command any more"),
    "eta": _("Expected end: %(eta)s"),
    "diagnosed": _("Fault located at %(place)s, because %(because)s"),
    "diagnosed_open": _("Tests did not locate the fault: %(because)s"),
    "diagnosis_failed": _("The diagnosis could not be run: %(error)s"),
    "run_proposed": _("%(runbook)s on %(target)s waits for approval"),
    "run_started": _("%(runbook)s on %(target)s begins"),
    "run_succeeded": _("%(runbook)s on %(target)s succeeded: %(outcome)s"),
    "run_failed": _("%(runbook)s on %(target)s failed: %(outcome)s"),
    "run_rejected": _("%(runbook)s on %(target)s was rejected: %(outcome)s"),
    "mitigated": _("Mitigated"),
    "root_cleared": _("%(alarm)s is over: %(evidence)s"),
    "resolved": _("Resolved; cause: %(cause)s"),
    "closed": _("Closed"),
    "reopened": _("Reopened"),
    "merged": _("Merged into %(into)s"),
    "merged_from": _("%(from)s was merged into this incident"),
    "split": _("%(count)s alarms were taken out into %(into)s"),
    "split_from": _("Taken out of %(from)s"),
}

FINDINGS: Mapping[str, Any] = {
    "switched_off": _("port %(port)s is switched off in the configuration"),
    "line_open_both": _(
        "line tests from both ends see the line broken, %(from_a)s m from %(a)s and %(from_b)s m from %(b)s"
    ),
    "line_open_one": _("the line test from %(a)s sees the line broken after %(from_a)s m"),
    "line_fault": _("the line test of %(port)s finds %(fault)s"),
    "line_good_ports_down": _(
        "line tests from both ends are good, yet the ports stay down: their lasers are off"
    ),
    "line_good_port_down": _("the line test of %(port)s is good, yet the port stays down"),
    "far_end_silent": _("the line from %(a)s is good and %(b)s does not answer"),
    "element_silent_lines_good": _("%(element)s does not answer, and the lines from its neighbours are good"),
    "element_silent_ports_up": _("%(element)s does not answer, while its neighbours see its ports up"),
    "power_lost": _("%(element)s announced that its power was lost, and does not answer"),
    "lines_broken": _(
        "%(element)s does not answer, and the line test from %(a)s sees the line broken after %(from_a)s m"
    ),
    "customer_side": _(
        "the line of %(port)s is good and the port is switched on: the customer’s equipment is silent"
    ),
    "element_alarms": _("%(element)s reports: %(alarms)s"),
    "recovered": _("everything tested is good again"),
    "nothing_found": _("no test found anything wrong"),
    "nothing_answers": _("nothing that could be tested from answers"),
}

CHOICES: Mapping[str, Any] = {
    "impact": Impact.choices,
    "before": Priority.choices,
    "after": Priority.choices,
    "cause": CauseCode.choices,
}


def entry(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of a timeline entry of the system."""
    facts = {name: _worded(name, value) for name, value in params.items()}
    return _say(ENTRIES, code, facts)


def _worded(name: str, value: Any) -> Any:
    """A fact in the reader's language: a value of a list of choices, a name kept in both languages, a finding."""
    if name in CHOICES:
        return dict(CHOICES[name]).get(value, value)
    if isinstance(value, Mapping):
        if name == "because":
            return finding(value)
        return value.get((get_language() or "en")[:2]) or value.get("en", "")
    return value


def finding(because: Mapping[str, Any]) -> str:
    """The sentence of what a diagnosis concluded; empty when it has not."""
    return _say(FINDINGS, str(because.get("rule", "")), because.get("params", {}))


def _say(sentences: Mapping[str, Any], code: str, params: Mapping[str, Any]) -> str:
    try:
        return str(sentences[code]) % params
    except (KeyError, ValueError):
        # Facts of an older version: the code is better than a page that fails.
        return code
