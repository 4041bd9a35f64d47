"""The metrics of the provisioner, for a Prometheus that comes for them."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from reference_provisioner.outbox import Backlog


class Metrics:
    """Counts what one process receives and tries; what is unfinished is read when it is asked for."""

    def __init__(self, backlog: Callable[[], Backlog]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_BacklogCollector(backlog))
        self._attempts = Counter(
            "espf_provisioner_attempts",
            "Steps towards neighbours that were tried, by how they ended; again and surprise are repeated",
            ["task", "outcome"],
            registry=self._registry,
        )
        self._received = Counter(
            "espf_provisioner_received",
            "Requests that were answered, by path and status code",
            ["path", "code"],
            registry=self._registry,
        )

    def count_attempt(self, task: str, outcome: str) -> None:
        """Count one attempt at a task of this kind."""
        self._attempts.labels(task, outcome).inc()

    def count_received(self, path: str, code: int) -> None:
        """Count one request that was answered."""
        self._received.labels(path, str(code)).inc()

    def text(self) -> bytes:
        """Return all in Prometheus's text format; raises StorageError when the backlog cannot be read."""
        return generate_latest(self._registry)


class _BacklogCollector(Collector):
    def __init__(self, backlog: Callable[[], Backlog]) -> None:
        self._backlog = backlog

    def describe(self) -> Iterable[Metric]:
        """Name nothing in advance, so that registering needs no database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return the backlog of this moment, that of all instances together."""
        backlog = self._backlog()
        tasks = GaugeMetricFamily("espf_provisioner_backlog", "Unfinished steps", labels=["task"])
        for kind, count in backlog.tasks.items():
            tasks.add_metric([kind], count)
        yield tasks
        yield GaugeMetricFamily(
            "espf_provisioner_oldest_unfinished_seconds",
            "Age of the oldest unfinished step; 0 when there is none",
            value=backlog.oldest_seconds,
        )
