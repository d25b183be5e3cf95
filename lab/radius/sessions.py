"""Subscriber sessions: opened and ended as the network allows, and accounted for."""

from __future__ import annotations

from collections.abc import Iterable

from lab.clock import Clock, Timer
from lab.device.element import Element, ServiceState
from lab.device.subscriber import SubscriberSession
from lab.network import Network
from lab.radius.accounting import AccountingClient, Attributes, split_octets
from lab.topology import RadiusSpec

LOST_CARRIER, ADMIN_RESET, NAS_REQUEST, NAS_REBOOT = 2, 6, 10, 11


class Subscribers:
    """The BNGs' session tables as one, by user name. Implements lab.network.Broker."""

    def __init__(self, network: Network, spec: RadiusSpec, clock: Clock) -> None:
        self._network, self._spec, self._clock = network, spec, clock
        self._bngs = [element for element in network.elements.values() if element.spec.role == "bng"]
        self.clients: dict[str, AccountingClient] = {}  # by BNG; set by whoever opened their sockets
        self.sessions: dict[str, SubscriberSession] = {}
        self._dialling: dict[str, Timer] = {}  # users who were sent away and wait before they dial again
        self._served: dict[str, set[str]] = {}  # BNG → elements it has a way to
        self._numbers = 0

    # What the network asks

    def paths_changed(self) -> None:
        self._served = {bng.name: set(self._network.reach([bng])) for bng in self._bngs}

    def sync(self, elements: Iterable[Element]) -> None:
        """Open and end the sessions of these access elements' services."""
        touched = list(elements)
        for session in [session for session in self.sessions.values() if session.element in touched]:
            cause = self._reason_to_end(session)
            if cause is not None:
                self.end(session, cause)
        for element in touched:
            for state in element.services.values():
                user = state.service.subscriber
                if user and user not in self.sessions and user not in self._dialling:
                    self._try_open(element, state)

    def has_session(self, element: Element, state: ServiceState) -> bool:
        if not self._bngs:
            return True  # a network without BNG has no sessions to wait for
        session = self.sessions.get(state.service.subscriber)
        return session is not None and session.state is state

    def limits(self, state: ServiceState) -> tuple[float, float]:
        session = self.sessions.get(state.service.subscriber) if state.service.subscriber else None
        if session and session.state is state:
            return session.limits
        return state.service.down_kbps, state.service.up_kbps

    def power_lost(self, element: Element, orderly: bool) -> None:
        """A BNG goes down: its sessions end, accounted for only when it had the time."""
        if element not in self._bngs:
            return
        for session in [session for session in self.sessions.values() if session.bng is element]:
            if orderly:
                self.end(session, NAS_REBOOT)
            self.sessions.pop(session.user, None)
        client = self.clients.get(element.name)
        if client:
            if orderly:
                client.send(self._of_nas(element, "Accounting-Off"))
                client.last_words()
            client.forget()

    def booted(self, element: Element) -> None:
        if client := self.clients.get(element.name):
            client.send(self._of_nas(element, "Accounting-On"))

    def clear(self, bng: Element, user: str) -> bool:
        """End a session and let it come back at once; False if this BNG has none of that user."""
        session = self.sessions.get(user)
        if session is None or session.bng is not bng:
            return False
        self.end(session, ADMIN_RESET)
        self._network.settle([session.element])
        return True

    # What accounting and authorization ask

    def disconnect(self, session: SubscriberSession) -> None:
        """Send a user away; the customer's router dials again after a while."""
        self.end(session, ADMIN_RESET)
        self._dialling[session.user] = self._clock.call_later(
            self._spec.redial_seconds, lambda: self._dial(session.user, session.element)
        )
        self._network.settle([session.element])

    def set_limits(self, session: SubscriberSession, down: int | None, up: int | None) -> None:
        """New limits for the rest of this session, in kbit/s."""
        session.down_kbps = down if down is not None else session.down_kbps
        session.up_kbps = up if up is not None else session.up_kbps
        self._network.settle([session.element])

    def find(self, bng: Element, session_id: str | None, user: str | None) -> SubscriberSession | None:
        """A session of this BNG that fits everything given."""
        for session in self.sessions.values():
            if (
                session.bng is bng
                and session_id in (None, session.session_id)
                and user in (None, session.user)
            ):
                return session
        return None

    def interim(self) -> int:
        """Send every session's Interim-Update; returns how many."""
        for session in self.sessions.values():
            self._account(session, "Interim-Update")
        return len(self.sessions)

    def close(self) -> None:
        """The lab ends: what the sessions carried is reported once."""
        for timer in self._dialling.values():
            timer.cancel()
        for bng in self._bngs:
            if bng.powered:
                self.power_lost(bng, orderly=True)

    def end(self, session: SubscriberSession, cause: int) -> None:
        """Close a session and send its Stop with an Acct-Terminate-Cause."""
        del self.sessions[session.user]
        if session.bng.powered:
            self._account(session, "Stop", {"Acct-Terminate-Cause": cause})
            text = f"Session {session.session_id} of {session.user} ended, cause {cause}"
            self._network.note(session.bng, "session-stop", "informational", text)

    def _dial(self, user: str, element: Element) -> None:
        self._dialling.pop(user, None)
        self._network.settle([element])

    def _reason_to_end(self, session: SubscriberSession) -> int | None:
        """Acct-Terminate-Cause for a session that can no longer be, None for one that can."""
        service = session.state.service
        key = (service.port, service.vlan)
        if session.element.services.get(key) is not session.state or service.subscriber != session.user:
            return NAS_REQUEST
        if service.suspended or self._blocked(session.bng, session.user):
            return ADMIN_RESET
        if session.state.state not in ("active", "no-session") or not self._serves(
            session.bng, session.element
        ):
            return LOST_CARRIER
        return None

    def _serves(self, bng: Element, element: Element) -> bool:
        return bng.powered and element.name in self._served.get(bng.name, ())

    def _blocked(self, bng: Element, user: str) -> bool:
        rule = bng.subscriber_rules.get(user)
        return rule is not None and rule.blocked

    def _try_open(self, element: Element, state: ServiceState) -> None:
        user = state.service.subscriber
        if state.state not in ("active", "no-session"):
            return
        for bng in self._bngs:
            if self._serves(bng, element) and not self._blocked(bng, user):
                self._open(bng, element, state)
                return

    def _open(self, bng: Element, element: Element, state: ServiceState) -> None:
        now = self._clock.now()
        reading = state.meter.read(self._clock.monotonic())
        self._numbers += 1
        rule = bng.subscriber_rules.get(state.service.subscriber)
        session = SubscriberSession(
            user=state.service.subscriber,
            # unique over restarts of the BNG and of the lab: it begins with the second of its birth
            session_id=f"{int(now.timestamp()):08x}{self._numbers & 0xFFFFFF:06x}",
            bng=bng,
            element=element,
            state=state,
            started_at=now,
            started_mono=self._clock.monotonic(),
            base_in=reading.in_octets,
            base_out=reading.out_octets,
            class_attribute=(rule.class_attribute if rule else None) or state.service.name,
        )
        self.sessions[session.user] = session
        self._account(session, "Start")
        text = f"Session {session.session_id} of {session.user} started"
        self._network.note(bng, "session-start", "informational", text)

    def _account(self, session: SubscriberSession, status: str, more: Attributes | None = None) -> None:
        client = self.clients.get(session.bng.name)
        if client is None:
            return
        service = session.state.service
        attributes: Attributes = {
            **self._of_nas(session.bng, status),
            "Acct-Session-Id": session.session_id,
            "User-Name": session.user,
            "Class": session.class_attribute,
            "NAS-Port-Id": f"{session.element.name} {service.port}.{service.vlan}",
            "Calling-Station-Id": session.element.name,
        }
        if service.address:
            attributes["Framed-IP-Address"] = service.address.split("/")[0]
        if status != "Start":
            attributes |= self._volume(session)
        client.send(attributes | (more or {}))

    def _volume(self, session: SubscriberSession) -> Attributes:
        now = self._clock.monotonic()
        octets_in, octets_out = session.octets(now)  # input is from the customer, as the NAS sees it
        low_in, giga_in = split_octets(octets_in)
        low_out, giga_out = split_octets(octets_out)
        return {
            "Acct-Session-Time": int(now - session.started_mono),
            "Acct-Input-Octets": low_in,
            "Acct-Input-Gigawords": giga_in,
            "Acct-Output-Octets": low_out,
            "Acct-Output-Gigawords": giga_out,
        }

    def _of_nas(self, bng: Element, status: str) -> Attributes:
        return {
            "Acct-Status-Type": status,
            "NAS-Identifier": bng.name,
            "NAS-IP-Address": bng.spec.address,
            "Event-Timestamp": int(self._clock.now().timestamp()),
        }
