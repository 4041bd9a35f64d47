"""Sends the OMS's notifications to a provisioner, and sends them again until they are taken."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from simulators.clock import Clock
from simulators.oms.dialect import Dialect, Notification
from simulators.oms.settings import OmsSettings
from simulators.wire.transport import Answer, Outbound, Send

Answered = Callable[[], object]


class Notifier:
    """Knows where notifications go: to the address of the order, or else to the OMS's own (`hub`)."""

    def __init__(self, *, clock: Clock, send: Send, dialect: Dialect, settings: OmsSettings) -> None:
        self._clock = clock
        self._send = send
        self._dialect = dialect
        self._settings = settings
        self.hub = settings.notify_url

    def notify(self, notification: Notification, *, copies: int, on_answer: Answered | None = None) -> None:
        """Send so many copies of a notification; `on_answer` is told when the first one was answered.

        What the dialect does not tell counts as answered at once.
        """
        outbound = self._outbound(notification)
        if outbound is None:
            if on_answer:
                on_answer()
            return
        for copy in range(copies):
            told = partial(self._answered, notification, outbound, 1, on_answer if copy == 0 else None)
            self._send(outbound, told)

    def _outbound(self, notification: Notification) -> Outbound | None:
        order = notification.order
        request = self._dialect.write_notification(
            notification, notify_url=order.request.notify_url or self.hub
        )
        if request is None:
            return None
        return Outbound(
            source="oms",
            url=request.path,
            headers=request.headers,
            body=request.body,
            correlation={
                "operation": "notification",
                "cause": notification.cause,
                "group": notification.group,
                "i_account": order.request.account["i_account"],
                "order_id": order.order_id,
                "reference": order.request.reference,
                "detail": {
                    "service": notification.service,
                    "state": notification.state,
                    "notification_id": notification.notification_id,
                    "occurred_at": notification.occurred_at,
                },
            },
        )

    def _answered(
        self,
        notification: Notification,
        outbound: Outbound,
        attempt: int,
        on_answer: Answered | None,
        answer: Answer,
    ) -> None:
        if on_answer:
            on_answer()
        if self._dialect.is_taken(answer) or attempt >= self._settings.notify_limit:
            return
        outbound = replace(outbound, correlation={**outbound.correlation, "cause": f"attempt {attempt + 1}"})
        told = partial(self._answered, notification, outbound, attempt + 1, None)
        again = partial(self._send, outbound, told)
        label = f"resend of notification {notification.notification_id}"
        self._clock.call_later(self._settings.notify_interval, again, label=label)
