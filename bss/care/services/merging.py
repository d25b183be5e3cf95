"""What becomes of tickets and notices when one customer takes over another."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from bss.care.models import Notice, NoticePreference, TroubleTicket
from bss.customers.models import Customer


def merge(keep: Customer, drop: Customer) -> None:
    """Tickets, notices and wishes of `drop` become those of `keep`, in one statement each.

    Of a story that told both, the ticket loses its tie to the story, and the second notice stays where it was sent.
    """
    stories = TroubleTicket.objects.filter(customer=keep, story_id__isnull=False).values("story_id")
    mine = TroubleTicket.objects.filter(customer=drop)
    mine.filter(story_id__in=stories).update(story_id=None, story_kind="")
    mine.update(customer=keep)
    heard = Notice.objects.filter(customer=keep).values("story_id")
    Notice.objects.filter(customer=drop).exclude(story_id__in=heard).update(customer=keep)
    known = NoticePreference.objects.filter(
        customer=keep, topic=OuterRef("topic"), channel=OuterRef("channel")
    )
    NoticePreference.objects.filter(~Exists(known), customer=drop).update(customer=keep)
