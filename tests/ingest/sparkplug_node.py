"""A Sparkplug edge node by pysparkplug, which nobody here wrote; run as a program, as it wants an older paho-mqtt.

    PYTHONPATH=.venv/sparkplug python sparkplug_node.py PORT GROUP NODE

Reads a JSON command a line, answers each with a line; what the node is told (NCMD) is a line `ncmd NAMES`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from pysparkplug import (  # not in this environment
    Client,
    DataType,
    DBirth,
    DData,
    DDeath,
    Device,
    EdgeNode,
    Message,
    MessageType,
    Metric,
    NBirth,
    NData,
    QoS,
    Topic,
)

_PAYLOADS = {"NBIRTH": NBirth, "NDATA": NData, "DBIRTH": DBirth, "DDATA": DData}


def say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201 - this is a program


def metric(given: dict) -> Metric:
    return Metric(
        timestamp=given.get("t"), name=given.get("name"), datatype=DataType[given["type"]], value=given.get("value"),
        alias=given.get("alias"), is_historical=given.get("historical", False), is_null=given.get("null", False),
        is_transient=given.get("transient", False),
    )  # fmt: skip


def send(client: Client, group: str, node: str, given: dict) -> None:
    """One message, exactly as told."""
    kind, device = given["kind"], given.get("device")
    topic = Topic(message_type=MessageType[kind], group_id=group, edge_node_id=node, device_id=device)
    at = given.get("t", int(time.time() * 1000))
    if kind == "DDEATH":
        payload = DDeath(timestamp=at, seq=given["seq"])
    else:
        metrics = tuple(metric(one) for one in given["metrics"])
        if kind == "NBIRTH":
            metrics += (Metric(timestamp=at, name="bdSeq", datatype=DataType.INT64, value=given.get("bd", 0)),)
        payload = _PAYLOADS[kind](timestamp=at, seq=given["seq"], metrics=metrics)
    message = Message(topic=topic, payload=payload, qos=QoS.AT_MOST_ONCE, retain=False)
    client.publish(message, include_dtypes=given.get("types", kind.endswith("BIRTH")))


class BirthsTold(Client):
    """The library's client, which tells when a node's births are on their way: they are sent from another thread."""

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id=client_id)
        self.born = threading.Event()

    def connect(self, *where: Any, callback: Callable[[Client], None], **how: Any) -> None:
        def whole(client: Client) -> None:
            callback(client)
            self.born.set()

        super().connect(*where, callback=whole, **how)


def main(port: int, group: str, name: str) -> None:
    client = BirthsTold(client_id=f"{group}-{name}")
    node: EdgeNode | None = None
    for line in sys.stdin:
        given = json.loads(line)
        match given["do"]:
            case "node":  # the whole node, its births and its will by the library
                node = EdgeNode(
                    group, name, tuple(metric(one) for one in given["metrics"]), client,
                    lambda _, message: say("ncmd", *(one.name for one in message.payload.metrics)),
                )  # fmt: skip
                for device, metrics in given.get("devices", {}).items():
                    node.register(Device(device, tuple(metric(one) for one in metrics)))
                node.connect("127.0.0.1", port=port)
                assert client.born.wait(30)
            case "update":
                assert node is not None
                node.update([metric(one) for one in given["metrics"]])
            case "update_device":
                assert node is not None
                node.update_device(given["device"], [metric(one) for one in given["metrics"]])
            case "send":
                send(client, group, name, given)
            case "stop":
                assert node is not None
                node.disconnect()
            case "crash":
                os._exit(1)
        say("done")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
