"""Duty 4, receive and process notifications: the receiver that the OMS calls."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from reference_provisioner.dialect import Dialect
from reference_provisioner.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class NotificationReceiver:
    """Takes the notifications of the OMS, and has each piece of news reported to the ESPF."""

    store: Store
    dialect: Dialect
    wake_workers: Callable[[], None]

    def receive(self, body: bytes) -> None:
        """Store the notification; raises MalformedError or UnknownOrderError, and then nothing is stored."""
        report = self.dialect.read_notification(body)
        # NOTICE-DUPLICATE, NOTICE-REORDERED: answered like any other, so that it is not sent again.
        is_news = self.store.add_report(report)
        log.info(
            "notified" if is_news else "notified of what is no news",
            extra={
                "order": report.reference or report.order_id,
                "group": report.service,
                "status": report.status,
                "notification": report.notification_id,
            },
        )
        if is_news:
            self.wake_workers()
