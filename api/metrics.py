"""Prometheus metrics of this process: requests by route, live subscribers, the pool."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.live import LiveHub


class Metrics:
    """One registry an application."""

    def __init__(self, hub: LiveHub) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "enms_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "enms_http_request_seconds",
            "Time to the first byte of an answer",
            ["route"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=self.registry,
        )
        live = Gauge("enms_live_subscribers", "Open event streams", registry=self.registry)
        live.set_function(lambda: hub.subscribers)
        listening = Gauge("enms_live_listening", "1 while the database's notices are heard", registry=self.registry)
        listening.set_function(lambda: hub.connected)


class Measure:
    """ASGI middleware: counts answers, by route template so that codes do not multiply series."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(Request(scope).scope.get("route"), "path", "other")
                self._metrics.requests.labels(scope["method"], route, str(message["status"])).inc()
                self._metrics.seconds.labels(route).observe(time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, counted)
