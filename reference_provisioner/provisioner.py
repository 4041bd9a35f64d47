"""The whole provisioner put together: who uses what, in one place."""

from flask import Flask

from reference_provisioner.app import create_app
from reference_provisioner.dialect import SimpleDialect
from reference_provisioner.neighbour import HttpClient
from reference_provisioner.query_subscriber import PortaBilling, QuerySubscriber
from reference_provisioner.receive_events import EventReceiver
from reference_provisioner.receive_notifications import NotificationReceiver
from reference_provisioner.send_order import SendOrder
from reference_provisioner.session import ApiSession
from reference_provisioner.settings import Settings
from reference_provisioner.store import ORDER, QUERY, STATUS, Store
from reference_provisioner.update_status import UpdateStatus
from reference_provisioner.worker import BackOff, Step, Workers


class Provisioner:
    """The web application, and the workers behind it; nothing runs before `workers.start()`."""

    app: Flask
    workers: Workers

    def __init__(self, settings: Settings) -> None:
        self._store = Store(settings.database)
        back_off = BackOff(base=settings.retry_base_seconds, cap=settings.retry_cap_seconds)
        self.workers = Workers(self._store, steps=_steps(settings, self._store), back_off=back_off)
        self.app = create_app(
            events=EventReceiver(
                store=self._store,
                user=settings.event_user,
                password=settings.event_password,
                wake_workers=self.workers.wake,
            ),
            notifications=NotificationReceiver(
                store=self._store, dialect=SimpleDialect(), wake_workers=self.workers.wake
            ),
        )

    def stop(self, *, patience: float | None = None) -> None:
        """Stop the workers; what they do not finish in so many seconds is repeated at the next start."""
        self.workers.stop(patience=patience)
        self._store.close()


def _steps(settings: Settings, store: Store) -> dict[str, Step]:
    http = HttpClient(timeout=settings.http_timeout_seconds, ca_file=settings.ca_file)
    session = ApiSession(
        http,
        portabilling_url=settings.portabilling_url,
        login=settings.login,
        password=settings.password,
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
