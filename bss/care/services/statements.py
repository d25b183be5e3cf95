"""The set-based statements of notices.

`audience` is a JSON array of {id, customer_id, words}; `variants` one of texts by reader's language and time zone. The
journal entry of a notice is written by the statement that writes the notice.
"""

from __future__ import annotations

from collections.abc import Iterable

# Filled in from the customer's own row.
STANDARD = ("customer_name", "customer_number")

_READER = """
reader AS (
    SELECT audience.id, audience.customer_id, audience.words, customer.number AS customer_number, party.id AS party_id,
           party.name AS customer_name, coalesce(%(language)s, party.language) AS language,
           coalesce(%(zone)s, account.time_zone, %(default_zone)s) AS zone
    FROM jsonb_to_recordset(%(audience)s) AS audience(id uuid, customer_id uuid, words jsonb)
    JOIN bss_customers_customer customer ON customer.id = audience.customer_id
    JOIN bss_customers_party party ON party.id = coalesce(%(party)s::uuid, customer.party_id)
    LEFT JOIN LATERAL (
        SELECT time_zone FROM bss_customers_billingaccount own
        WHERE own.customer_id = customer.id AND own.status <> 'closed' ORDER BY own.id LIMIT 1
    ) account ON true
)
"""

READERS = "WITH" + _READER + "SELECT DISTINCT language, zone FROM reader ORDER BY language, zone"


def _filled(column: str, own: Iterable[str]) -> str:
    text = f"variant.{column}"
    for name in STANDARD:
        text = f"replace({text}, %(mark_{name})s, reader.{name})"
    for name in own:
        # Either a text or one text a language.
        word = (
            f"coalesce(reader.words -> %(name_{name})s ->> variant.language, reader.words -> %(name_{name})s ->> 'en', "
            f"reader.words ->> %(name_{name})s, '')"
        )
        text = f"replace({text}, %(mark_{name})s, {word})"
    return text


def write(own: Iterable[str]) -> str:
    """The statement that writes notices; `own` names the variables with a value for each customer."""
    names = list(own)
    return (
        "WITH"
        + _READER
        + f"""
, chosen AS (
    SELECT reader.id, reader.customer_id, variant.template_id, variant.language,
           coalesce(contact.value, '') AS address, left({_filled("subject", names)}, 300) AS subject,
           {_filled("body", names)} AS body,
           CASE WHEN NOT %(mandatory)s AND EXISTS (
                    SELECT FROM bss_care_noticepreference wish
                    WHERE wish.customer_id = reader.customer_id AND wish.topic = %(topic)s
                      AND wish.channel = %(channel)s AND NOT wish.wanted) THEN 'declined'
                WHEN %(consent)s IS NOT NULL AND NOT coalesce((
                    SELECT consent.granted FROM bss_customers_consent consent
                    WHERE consent.party_id = reader.party_id AND consent.purpose = %(consent)s
                    ORDER BY consent.at DESC, consent.id DESC LIMIT 1), false) THEN 'no_consent'
                WHEN %(channel)s = 'email' AND contact.value IS NULL THEN 'no_address'
                WHEN (SELECT count(*) FROM bss_care_notice recent
                      WHERE recent.customer_id = reader.customer_id AND recent.channel = %(channel)s
                        AND recent.topic = %(topic)s AND recent.phase = 'start' AND recent.at > %(since)s
                        AND recent.at <= %(at)s AND recent.status <> 'suppressed'
                        AND recent.story_id <> %(story_id)s::uuid) >= %(limit)s THEN 'throttled'
                ELSE '' END AS obstacle
    FROM reader
    JOIN jsonb_to_recordset(%(variants)s)
         AS variant(template_id uuid, reader text, zone text, language text, subject text, body text)
         ON variant.reader = reader.language AND variant.zone = reader.zone
    LEFT JOIN LATERAL (
        SELECT value FROM bss_customers_contactmedium medium
        WHERE medium.party_id = reader.party_id AND medium.kind = 'email' AND %(channel)s = 'email'
        ORDER BY (medium.role = %(role)s) DESC, medium.preferred DESC, medium.id LIMIT 1
    ) contact ON true
), written AS (
    INSERT INTO bss_care_notice (
        id, created, updated, version, customer_id, template_id, topic, channel, language, address, subject, body,
        story_kind, story_id, story_label, phase, status, obstacle, at, sent, attempts, error)
    SELECT id, now(), now(), 1, customer_id, template_id, %(topic)s, %(channel)s, language, address, subject, body,
           %(story_kind)s, %(story_id)s, %(story_label)s, %(phase)s,
           -- The portal shows what is written: there is nothing to send.
           CASE WHEN obstacle <> '' THEN 'suppressed' WHEN %(channel)s = 'portal' THEN 'sent' ELSE 'pending' END,
           obstacle, %(at)s, CASE WHEN obstacle = '' AND %(channel)s = 'portal' THEN %(at)s::timestamptz END, 0, ''
    FROM chosen ORDER BY id
    ON CONFLICT (story_id, phase, customer_id, channel) DO NOTHING
    RETURNING id, number, customer_id, status, obstacle, address, language, phase
), journal AS (
    INSERT INTO kernel_journalentry (at, business_at, actor_id, actor_label, verb, object_type, object_id, object_label,
                                     before, after, reason, request_id, correlation_id)
    SELECT now(), %(at)s, %(actor_id)s::uuid, %(actor)s, 'notice.created', 'bss_care.Notice', id, number, '{{}}',
           jsonb_build_object('status', status, 'obstacle', obstacle, 'address', address, 'language', language,
                              'phase', phase, 'story', %(story_label)s),
           '', %(request)s, %(correlation)s::uuid
    FROM written ORDER BY id
)
SELECT customer_id, status, obstacle FROM written ORDER BY id
"""
    )
