"""The whole provisioner put together: who uses what, in one place."""

import logging
from functools import partial
from typing import Final

from flask import Flask

from reference_provisioner.app import create_app
from reference_provisioner.back_off import BackOff
from reference_provisioner.database import Database
from reference_provisioner.dialect import SimpleDialect
from reference_provisioner.metrics import Metrics
from reference_provisioner.neighbour import HttpClient
from reference_provisioner.outbox import ORDER, QUERY, STATUS, Outbox
from reference_provisioner.query_subscriber import PortaBilling, QuerySubscriber
from reference_provisioner.readiness import Readiness
from reference_provisioner.receive_events import EventReceiver
from reference_provisioner.receive_notifications import NotificationReceiver
from reference_provisioner.send_order import SendOrder
from reference_provisioner.session import ApiSession
from reference_provisioner.settings import Settings
from reference_provisioner.store import Store
from reference_provisioner.update_status import UpdateStatus
from reference_provisioner.worker import Step, Workers

log = logging.getLogger(__name__)

A_DAY: Final = 86_400


class Provisioner:
    """The web application, and the workers behind it; nothing runs before `start()`."""

    app: Flask
    workers: Workers

    def __init__(self, settings: Settings) -> None:
        self._database = Database(settings.database)
        outbox = Outbox(self._database, owner=settings.owner, lease_seconds=settings.lease_seconds)
        store = Store(self._database, outbox)
        back_off = BackOff(base=settings.retry_base_seconds, cap=settings.retry_cap_seconds)
        metrics = Metrics(outbox.backlog)
        self.workers = Workers(
            outbox,
            steps=_steps(settings, store, back_off),
            back_off=back_off,
            threads=settings.workers,
            lease_seconds=settings.lease_seconds,
            count=metrics.count_attempt,
            tidy=partial(store.forget, older_than_seconds=settings.retention_days * A_DAY),
        )
        self._readiness = Readiness(self._database, neighbours=_neighbours(settings))
        self.app = self._web(settings, store, metrics)

    def start(self) -> None:
        """Start on what the last process left, and say what stands in the way."""
        for problem in self._readiness.problems():
            log.warning("not ready: %s", problem)
        self.workers.start()

    def stop(self, *, patience: float | None = None) -> None:
        """Stop the workers; what they do not finish in so many seconds is repeated at the next start."""
        self.workers.stop(patience=patience)
        self._database.close()

    def _web(self, settings: Settings, store: Store, metrics: Metrics) -> Flask:
        events = EventReceiver(
            store=store,
            user=settings.event_user,
            password=settings.event_password,
            actions=settings.actions,
            wake_workers=self.workers.wake,
        )
        notifications = NotificationReceiver(
            store=store, dialect=SimpleDialect(), wake_workers=self.workers.wake
        )
        return create_app(
            events=events, notifications=notifications, readiness=self._readiness, metrics=metrics
        )


def _steps(settings: Settings, store: Store, back_off: BackOff) -> dict[str, Step]:
    http = HttpClient(timeout=settings.http_timeout_seconds, ca_file=settings.ca_file)
    session = ApiSession(
        http,
        portabilling_url=settings.portabilling_url,
        login=settings.login,
        password=settings.password,
        back_off=back_off,
    )
    portabilling = PortaBilling(http=http, session=session, portabilling_url=settings.portabilling_url)
    send_order = SendOrder(
        http=http,
        store=store,
        dialect=SimpleDialect(),
        oms_url=settings.oms_url,
        token=settings.oms_token,
        notify_url=settings.notify_url,
    )
    update_status = UpdateStatus(
        http=http,
        session=session,
        store=store,
        espf_url=settings.espf_base,
        url_form=settings.url_form,
        body_form=settings.body_form,
    )
    query_subscriber = QuerySubscriber(portabilling=portabilling, store=store, services=settings.services)
    return {QUERY: query_subscriber, ORDER: send_order, STATUS: update_status}


def _neighbours(settings: Settings) -> dict[str, str]:
    return {
        "PortaBilling": settings.portabilling_url,
        "The ESPF": settings.espf_base,
        "The OMS": settings.oms_url,
    }
