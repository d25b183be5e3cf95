"""The texts we start with, in English and French. Operators change them in the portal; these are only ever created."""

from __future__ import annotations

from dataclasses import dataclass

from bss.care.models.notices import Channel, Topic


@dataclass(frozen=True)
class Text:
    """A notice in both languages: {language: (subject, body)}, with the variables its caller supplies."""

    code: str
    topic: Topic
    variables: frozenset[str]
    words: dict[str, tuple[str, str]]
    channel: Channel = Channel.EMAIL


def _text(code: str, topic: Topic, variables: str, en: tuple[str, str], fr: tuple[str, str]) -> Text:
    def signed(body: str, greeting: str, closing: str) -> str:
        return f"{greeting}\n\n{body.strip()}\n\n{closing}\n{{company}}\n"

    return Text(
        code,
        topic,
        frozenset(variables.split()),
        {
            "en": (en[0], signed(en[1], "Dear {customer_name},", "Kind regards,")),
            "fr": (fr[0], signed(fr[1], "Bonjour {customer_name},", "Cordialement,")),
        },
    )


# French typography: a no-break space (\u00a0) before : ; ! ? and inside « ».
TEXTS: tuple[Text, ...] = (
    _text(
        "outage-start",
        Topic.OUTAGE,
        "reference since services eta",
        (
            "Outage {reference}: your service is interrupted",
            """
A fault in our network has interrupted your service since {since}.

Concerned: {services}
Our reference: {reference}
Expected end: {eta}

We are working on it. You need not call: we will write again as soon as your service is back.
""",
        ),
        (
            "Panne {reference}\u00a0: votre service est interrompu",
            """
Une panne de notre réseau interrompt votre service depuis le {since}.

Service(s) concerné(s)\u00a0: {services}
Notre référence\u00a0: {reference}
Rétablissement prévu\u00a0: {eta}

Nos équipes sont à l’œuvre. Inutile de nous appeler\u00a0: nous vous écrirons dès que votre service fonctionnera de nouveau.
""",
        ),
    ),
    _text(
        "outage-update",
        Topic.OUTAGE,
        "reference eta text",
        (
            "Outage {reference}: what we know now",
            """
{text}

Our reference: {reference}
Expected end: {eta}
""",
        ),
        (
            "Panne {reference}\u00a0: où nous en sommes",
            """
{text}

Notre référence\u00a0: {reference}
Rétablissement prévu\u00a0: {eta}
""",
        ),
    ),
    _text(
        "outage-end",
        Topic.OUTAGE,
        "reference ended",
        (
            "Outage {reference}: your service is back",
            """
The fault is repaired: your service has been working again since {ended}.

Our reference: {reference}

If something still does not work, restart your equipment; if that does not help, answer this message. Should the outage
have broken a level of service we promised you, the credit will be on your next invoice without your asking.
We apologise for the trouble.
""",
        ),
        (
            "Panne {reference}\u00a0: votre service est rétabli",
            """
La panne est réparée\u00a0: votre service fonctionne de nouveau depuis le {ended}.

Notre référence\u00a0: {reference}

Si quelque chose ne fonctionne toujours pas, redémarrez votre équipement\u00a0; si cela ne suffit pas, répondez à ce message.
Si la panne nous a fait manquer un engagement de service, l’avoir figurera sur votre prochaine facture sans démarche
de votre part. Nous vous prions d’excuser ce désagrément.
""",
        ),
    ),
    _text(
        "maintenance-start",
        Topic.MAINTENANCE,
        "reference start end services reason",
        (
            "Planned work {reference} on {start}",
            """
We will work on our network from {start} until {end}. During this time your service may be interrupted.

Concerned: {services}
What we do: {reason}
Our reference: {reference}
""",
        ),
        (
            "Travaux programmés {reference} le {start}",
            """
Nous interviendrons sur notre réseau du {start} au {end}. Pendant ce temps, votre service pourra être interrompu.

Service(s) concerné(s)\u00a0: {services}
Nature des travaux\u00a0: {reason}
Notre référence\u00a0: {reference}
""",
        ),
    ),
    _text(
        "maintenance-end",
        Topic.MAINTENANCE,
        "reference ended",
        (
            "Planned work {reference} is over",
            "The work announced under {reference} ended on {ended}. Thank you for your patience.",
        ),
        (
            "Fin des travaux {reference}",
            "Les travaux annoncés sous la référence {reference} se sont achevés le {ended}. Merci de votre patience.",
        ),
    ),
    _text(
        "maintenance-cancelled",
        Topic.MAINTENANCE,
        "reference start",
        (
            "Planned work {reference} is called off",
            "The work that we announced under {reference} for {start} will not take place. Your service is not affected.",
        ),
        (
            "Annulation des travaux {reference}",
            "Les travaux annoncés sous la référence {reference} pour le {start} n’auront pas lieu. Votre service n’est pas "
            "concerné.",
        ),
    ),
    _text(
        "invoice",
        Topic.BILLING,
        "invoice amount due link account",
        (
            "Your invoice {invoice}: {amount}",
            """
Your invoice {invoice} for account {account} is ready.

Amount: {amount}
To be paid by: {due}

Read it here, with the explanation of every line: {link}
""",
        ),
        (
            "Votre facture {invoice}\u00a0: {amount}",
            """
Votre facture {invoice} du compte {account} est disponible.

Montant\u00a0: {amount}
À régler avant le\u00a0: {due}

Consultez-la ici, avec l’explication de chaque ligne\u00a0: {link}
""",
        ),
    ),
    _text(
        "dunning-reminder",
        Topic.BILLING,
        "account amount since reference link",
        (
            "Reminder: {amount} is overdue on account {account}",
            """
We have not received {amount} that has been due since {since} on your account {account}.

If you have paid in the last days, this message has crossed with your payment: please disregard it. Otherwise please
pay now: {link}

Do you disagree with an invoice, or do you need more time? Answer this message. Our reference: {reference}
""",
        ),
        (
            "Rappel\u00a0: {amount} à régler sur le compte {account}",
            """
Sauf erreur de notre part, {amount} restent dus depuis le {since} sur votre compte {account}.

Si vous avez payé ces derniers jours, nos messages se sont croisés\u00a0: ne tenez pas compte de celui-ci. Sinon, merci de
régler dès maintenant\u00a0: {link}

Vous contestez une facture ou vous avez besoin d’un délai\u00a0? Répondez à ce message. Notre référence\u00a0: {reference}
""",
        ),
    ),
    _text(
        "dunning-last",
        Topic.BILLING,
        "account amount since reference link",
        (
            "Last reminder before suspension: {amount} on account {account}",
            """
{amount} has been due since {since} on your account {account}, and our reminders have had no answer.

Without your payment we will suspend your services: {link}

Do you disagree, or do you need more time? Answer this message now. Our reference: {reference}
""",
        ),
        (
            "Dernier rappel avant suspension\u00a0: {amount} sur le compte {account}",
            """
{amount} restent dus depuis le {since} sur votre compte {account}, et nos rappels sont restés sans réponse.

Sans règlement de votre part, nous suspendrons vos services\u00a0: {link}

Vous contestez ou vous avez besoin d’un délai\u00a0? Répondez dès maintenant à ce message. Notre référence\u00a0: {reference}
""",
        ),
    ),
    _text(
        "suspension",
        Topic.SERVICE,
        "account amount services reference link",
        (
            "Your services are being suspended",
            """
As {amount} remains unpaid on your account {account}, the following services are being suspended: {services}

They will work again as soon as we have your payment: {link}
Our reference: {reference}
""",
        ),
        (
            "Suspension de vos services",
            """
{amount} restant impayés sur votre compte {account}, les services suivants sont suspendus\u00a0: {services}

Ils fonctionneront de nouveau dès réception de votre règlement\u00a0: {link}
Notre référence\u00a0: {reference}
""",
        ),
    ),
    _text(
        "reconnection",
        Topic.SERVICE,
        "account services reference",
        (
            "Your services are being reconnected",
            """
Thank you for your payment on account {account}. These services are being reconnected: {services}

If one of them does not work in an hour, restart your equipment, then answer this message. Our reference: {reference}
""",
        ),
        (
            "Rétablissement de vos services",
            """
Merci de votre règlement sur le compte {account}. Ces services sont en cours de rétablissement\u00a0: {services}

Si l’un d’eux ne fonctionne pas dans l’heure, redémarrez votre équipement, puis répondez à ce message. Notre
référence\u00a0: {reference}
""",
        ),
    ),
    _text(
        "welcome",
        Topic.SERVICE,
        "product number site since",
        (
            "{product} is ready",
            """
Your {product} works since {since}.

Place: {site}
Its number, should you call us: {number}
""",
        ),
        (
            "{product}\u00a0: c’est prêt",
            """
Votre {product} fonctionne depuis le {since}.

Lieu\u00a0: {site}
Son numéro, si vous nous appelez\u00a0: {number}
""",
        ),
    ),
    _text(
        "ticket-reply",
        Topic.TICKET,
        "ticket subject text",
        (
            "[{ticket}] {subject}",
            "{text}\n\nYou can answer this message; please leave [{ticket}] in the subject.",
        ),
        (
            "[{ticket}] {subject}",
            "{text}\n\nVous pouvez répondre à ce message\u00a0; merci de laisser [{ticket}] dans l’objet.",
        ),
    ),
)
