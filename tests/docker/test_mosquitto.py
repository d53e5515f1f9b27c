"""Who may say what, tried on a real mosquitto with our configuration, our accounts, and nothing else."""

from __future__ import annotations

import base64
import shutil
import ssl
import subprocess
from pathlib import Path
from types import ModuleType

import aiomqtt
import pytest

from cli.broker import mosquitto
from tests.docker.guarded import Guarded, guarded

ALERT = "energy/v1/steel/alerts/7"
OWN = "energy/v1/steel/gw1/readings"

pytestmark = pytest.mark.skipif(mosquitto() is None, reason="mosquitto is not installed")


async def _arrives(broker: Guarded, sender: aiomqtt.Client, topic: str) -> bool:
    """Whether what the sender publishes reaches somebody who may read everything of ours."""
    payload = f"to {topic}".encode()
    async with broker.client("enms-ingest") as reader, sender:
        await reader.subscribe("energy/v1/#", qos=1)
        await reader.subscribe("spBv1.0/#", qos=1)
        await sender.publish(topic, payload, qos=1)
        if topic != OWN:  # a witness after it: what was let through would have come first
            async with broker.client("enms-simulator") as witness:
                await witness.publish(OWN, b"witness", qos=1)
        async for message in reader.messages:
            return bool(message.payload == payload)
    return False


async def test_a_gateway_writes_its_own_topic_and_no_other(
    open_folder: Path, secrets_made: Path, make_secrets: ModuleType, free_port: int
) -> None:
    password = make_secrets.add_gateway(secrets_made, "steel/gw1", sparkplug=False)
    async with guarded(open_folder / "mq", secrets_made, free_port) as broker:
        assert await _arrives(broker, broker.client("steel/gw1", password), OWN)
        for forged in (
            "energy/v1/power/gw1/readings",
            "energy/v1/steel/gw2/readings",
            "spBv1.0/steel/NDATA/gw1",
            "spBv1.0/STATE/enms",
        ):
            assert not await _arrives(broker, broker.client("steel/gw1", password), forged), forged


async def test_a_sparkplug_gateway_writes_its_own_topics(
    open_folder: Path, secrets_made: Path, make_secrets: ModuleType, free_port: int
) -> None:
    password = make_secrets.add_gateway(secrets_made, "steel/gw1", sparkplug=True)
    make_secrets.add_gateway(secrets_made, "steel/gw2", sparkplug=True)
    async with guarded(open_folder / "mq", secrets_made, free_port) as broker:
        for own in ("NBIRTH/gw1", "NDATA/gw1", "DBIRTH/gw1/meter7", "DDEATH/gw1/meter7"):
            assert await _arrives(broker, broker.client("steel/gw1", password), f"spBv1.0/steel/{own}"), own
        for forged in (
            "spBv1.0/steel/NDATA/gw2",
            "spBv1.0/steel/DDATA/gw2/meter7",
            "spBv1.0/power/NDATA/gw1",
            "spBv1.0/steel/NCMD/gw1",
            "spBv1.0/STATE/enms",
        ):
            assert not await _arrives(broker, broker.client("steel/gw1", password), forged), forged
        async with broker.client("steel/gw1", password) as node, broker.client("enms-ingest") as host:
            for topic in ("spBv1.0/steel/NCMD/gw1", "spBv1.0/steel/NCMD/gw2", "spBv1.0/STATE/enms"):
                await node.subscribe(topic, qos=1)
            await host.publish("spBv1.0/steel/NCMD/gw2", b"not for gw1", qos=1)
            await host.publish("spBv1.0/steel/NCMD/gw1", b"rebirth", qos=1)
            await host.publish("spBv1.0/STATE/enms", b"here", qos=1)
            heard = [await anext(node.messages) for _ in range(2)]
            assert [message.payload for message in heard] == [b"rebirth", b"here"]


async def test_an_alert_cannot_be_forged(
    open_folder: Path, secrets_made: Path, make_secrets: ModuleType, free_port: int
) -> None:
    password = make_secrets.add_gateway(secrets_made, "steel/gw1", sparkplug=True)
    async with guarded(open_folder / "mq", secrets_made, free_port) as broker:
        for forger, secret in (("steel/gw1", password), ("enms-ingest", None), ("enms-simulator", None)):
            async with broker.client(forger, secret) as client:
                await client.publish(ALERT, b"forged", qos=1, retain=True)
        async with broker.client("enms-rules") as rules:
            await rules.publish(ALERT, b"true", qos=1, retain=True)
    retained = (open_folder / "mq" / "mosquitto" / "data" / "mosquitto.db").read_bytes()
    assert b"true" in retained
    assert b"forged" not in retained


async def test_what_comes_by_qos_0_waits_for_ingest(
    open_folder: Path, secrets_made: Path, make_secrets: ModuleType, free_port: int
) -> None:
    """Sparkplug's data do; a session that is away must find them."""
    password = make_secrets.add_gateway(secrets_made, "steel/gw1", sparkplug=True)
    async with guarded(open_folder / "mq", secrets_made, free_port) as broker:

        def ingest() -> aiomqtt.Client:
            secret = (secrets_made / "mqtt_ingest_password").read_text()
            return aiomqtt.Client(
                "127.0.0.1",
                free_port,
                username="enms-ingest",
                password=secret,
                identifier="ingest",
                clean_session=False,
            )

        async with ingest() as client:
            await client.subscribe("spBv1.0/#", qos=1)
        async with broker.client("steel/gw1", password) as node:
            await node.publish("spBv1.0/steel/NDATA/gw1", b"while it was away", qos=0)
        async with ingest() as client:
            assert (await anext(client.messages)).payload == b"while it was away"


async def test_a_gateway_reads_nothing(
    open_folder: Path, secrets_made: Path, make_secrets: ModuleType, free_port: int
) -> None:
    password = make_secrets.add_gateway(secrets_made, "steel/gw1", sparkplug=False)
    async with (
        guarded(open_folder / "mq", secrets_made, free_port) as broker,
        broker.client("steel/gw1", password) as spy,
        broker.client("enms-simulator") as plants,
        broker.client("enms-rules") as rules,
    ):
        await spy.subscribe("#", qos=1)
        await spy.subscribe("energy/v1/+/+/readings", qos=1)
        await plants.publish("energy/v1/power/gw9/readings", b"1", qos=1)
        await plants.publish(OWN, b"1", qos=1)
        await rules.publish(ALERT, b"1", qos=1)
        # What the broker had for the spy before it acknowledged those goes out before its answer to this.
        await spy.subscribe("energy/v1/steel/gw1/readings", qos=1)
        assert len(spy.messages) == 0


@pytest.mark.parametrize("name", ["+", "#", "steel/+", "+/gw1"])
async def test_a_user_named_like_a_wildcard_writes_nothing(
    name: str, open_folder: Path, secrets_made: Path, make_secrets: ModuleType, free_port: int
) -> None:
    make_secrets.add_user(secrets_made / "mosquitto_passwd", name, "a-good-password")
    async with guarded(open_folder / "mq", secrets_made, free_port) as broker:
        try:
            came = await _arrives(broker, broker.client(name, "a-good-password"), "energy/v1/power/gw1/readings")
            refusal = ""
        except aiomqtt.MqttError as problem:  # newer ones refuse such a name altogether
            came, refusal = False, str(problem).lower()
    assert not came
    assert not refusal or "auth" in refusal or "disconnected" in refusal


@pytest.mark.parametrize(
    ("user", "password"), [(None, None), ("enms-ingest", "guessed"), ("enms-ingest", ""), ("nobody", "x")]
)
async def test_nobody_gets_in_without_an_account(
    user: str | None, password: str | None, open_folder: Path, secrets_made: Path, free_port: int
) -> None:
    async with guarded(open_folder / "mq", secrets_made, free_port):
        with pytest.raises(aiomqtt.MqttError, match=r"(?i)not author"):
            async with aiomqtt.Client("127.0.0.1", free_port, username=user, password=password):
                pass


@pytest.mark.parametrize("only", [(), ("steel",)])
async def test_a_reader_hears_alerts_and_nothing_else(
    only: tuple[str, ...], open_folder: Path, secrets_made: Path, make_secrets: ModuleType, free_port: int
) -> None:
    password = make_secrets.add_reader(secrets_made, "scada", *only)
    others = "energy/v1/power/alerts/8"
    async with (
        guarded(open_folder / "mq", secrets_made, free_port) as broker,
        broker.client("scada", password) as reader,
        broker.client("enms-rules") as rules,
        broker.client("enms-simulator") as plants,
    ):
        await reader.subscribe("energy/v1/#", qos=1)
        await plants.publish(OWN, b"a reading", qos=1)
        await rules.publish(others, b"theirs", qos=1)
        await rules.publish(ALERT, b"ours", qos=1)
        heard = [(await anext(reader.messages)).topic.value for _ in range(1 if only else 2)]
        assert heard == ([ALERT] if only else [others, ALERT])
        await reader.publish(ALERT, b"forged", qos=1)
        await rules.publish(ALERT, b"ours again", qos=1)
        assert (await anext(reader.messages)).payload == b"ours again"


async def test_a_revoked_account_is_gone(
    open_folder: Path, secrets_made: Path, make_secrets: ModuleType, free_port: int
) -> None:
    passwords = {name: make_secrets.add_gateway(secrets_made, name, sparkplug=True) for name in ("a/1", "a/2")}
    assert make_secrets.revoke(secrets_made, "a/1")
    assert "user a/1" not in (secrets_made / "mosquitto_gateways").read_text()
    async with guarded(open_folder / "mq", secrets_made, free_port) as broker:
        with pytest.raises(aiomqtt.MqttError, match=r"(?i)not author"):
            async with broker.client("a/1", passwords["a/1"]):
                pass
        assert await _arrives(broker, broker.client("a/2", passwords["a/2"]), "spBv1.0/a/NDATA/2")


def _certificate(secrets: Path) -> None:
    """For localhost, signed by itself."""
    made = ["-keyout", str(secrets / "mqtt_tls_key"), "-out", str(secrets / "mqtt_tls_cert")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run(
        [*command, "-addext", "subjectAltName=DNS:localhost", *made],
        check=True, capture_output=True,
    )  # fmt: skip


async def test_tls_is_a_certificate_and_a_key(open_folder: Path, secrets_made: Path, free_port: int) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    _certificate(secrets_made)
    tls_port = free_port + 1 if free_port < 65_000 else free_port - 1
    async with guarded(open_folder / "mq", secrets_made, free_port, tls_port):
        context = ssl.create_default_context(cafile=str(secrets_made / "mqtt_tls_cert"))
        secret = (secrets_made / "mqtt_rules_password").read_text()
        async with aiomqtt.Client(
            "localhost", tls_port, username="enms-rules", password=secret, tls_context=context
        ) as client:
            await client.publish(ALERT, b"1", qos=1)


def test_hashes_are_those_of_mosquittos_own_command(make_secrets: ModuleType, tmp_path: Path) -> None:
    """The same salt and password give the same line."""
    command = shutil.which("mosquitto_passwd")
    if command is None:
        pytest.skip("mosquitto_passwd is not installed")
    accounts = tmp_path / "passwd"
    subprocess.run([command, "-b", "-c", accounts, "gw", "geheim"], check=True, capture_output=True)
    line = accounts.read_text().strip().removeprefix("gw:")
    salt = base64.b64decode(line.split("$")[3])
    assert make_secrets.mosquitto_hash("geheim", salt) == line
