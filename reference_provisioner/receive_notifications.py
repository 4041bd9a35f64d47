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
            "order %s, group %s: notified %s%s",
            report.reference,
            report.service,
            report.status,
            "" if is_news else ", which is no news",
        )
        if is_news:
            self.wake_workers()
