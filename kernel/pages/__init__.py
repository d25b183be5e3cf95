"""The page kit: lists, details and forms declared once, with and without JavaScript. See docs/pages.md."""

from kernel.pages.actions import Action
from kernel.pages.badgeset import Badge, BadgeSet, badges, severity_html
from kernel.pages.call import Call
from kernel.pages.charts import LineChart, Series
from kernel.pages.details import Detail
from kernel.pages.fields import DecimalField, MoneyField, PickField
from kernel.pages.formpages import FormPage
from kernel.pages.lists import Bulk, Column, Empty, List
from kernel.pages.menus import Command, MenuItem
from kernel.pages.panels import Card, Panel, Tab, Todo, Waiting, gathered
from kernel.pages.registry import extend, link_of, url_of
from kernel.pages.respond import complain, go, render, say
from kernel.pages.timeline import Entry
from kernel.pages.values import Fact, Guarded

__all__ = [
    "Action",
    "Badge",
    "BadgeSet",
    "Bulk",
    "Call",
    "Card",
    "Column",
    "Command",
    "DecimalField",
    "Detail",
    "Empty",
    "Entry",
    "Fact",
    "FormPage",
    "Guarded",
    "LineChart",
    "List",
    "MenuItem",
    "MoneyField",
    "Panel",
    "PickField",
    "Series",
    "Tab",
    "Todo",
    "Waiting",
    "badges",
    "complain",
    "extend",
    "gathered",
    "go",
    "link_of",
    "render",
    "say",
    "severity_html",
    "url_of",
]
