"""Messages for people, from the alert's transaction to real servers that fail first."""

from __future__ import annotations

import asyncio
import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from prometheus_client import REGISTRY

from db import outbox
from db.alerts import acknowledge, assign, shelve
from db.handling import plan_outage
from db.storage import delete_messages
from enms.alerts import Step
from rules.book import BUNDLED, read_books
from rules.channels import parse_channels
from rules.courier import Courier, channel_file_row
from rules.desk import Desk
from rules.evaluator import Evaluator
from rules.notifier import Drained, Notifier, NotSentError
from rules.service import RulesService
from rules.tending import Tender
from rules.ways import Letter, way_to
from tests.rules.receivers import http_receiver, smtp_receiver
from tests.rules.world import World
from tests.waiting import eventually

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)  # midnight in Shanghai
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
URL = "https://energy.example.com/"


def channels(text, tmp_path):
    found = parse_channels("channels:\n" + text, "notify.yaml", tmp_path, "Asia/Shanghai")
    assert found.mistakes == ()
    return found


@pytest.fixture
async def mill(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "motors")
        world.ends = dict.fromkeys(world.numbers, DAY1)
        world.clock = DAY1
        yield world


def told_by(mill, file):
    mill.evaluator = Evaluator(read_books([BUNDLED]), desk=Desk.of(file, URL))
    return [Courier(channel) for channel in file.channels]


async def idle(mill, point="fan.power", quarters=2, value=2.0):
    await mill.publish(point, [value] * quarters)
    mill.clock = max(mill.clock, mill.ends[point] + 2 * MINUTE)
    await mill.evaluate()


async def rows(mill, **wanted):
    return (await outbox.notifications(mill.connection, [mill.enterprise.e], **wanted))[::-1]


def hook(receiver, **more):
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    url = f"webhook://127.0.0.1:{receiver.port}/in?secret=hush&plant=1"
    return f"  - {{name: hook, url: '{url}', roles: [energy_manager], allow_private: true{extra}}}\n"


async def test_a_webhook_that_fails_first_is_told_again_with_the_same_key(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        (courier,) = told_by(mill, channels(hook(receiver, language="en"), tmp_path))
        receiver.status = 503
        await idle(mill)
        now = mill.clock
        assert await courier.deliver(db_pool, now) == Drained(0, 1)
        (row,) = await rows(mill)
        assert (row.state, row.attempts, row.last_error) == ("failing", 1, "127.0.0.1 answered 503")
        assert now < row.next_attempt_at <= now + timedelta(seconds=5)
        assert await courier.deliver(db_pool, now) == Drained(0, 0), "not before its time"
        receiver.status = 200
        assert await courier.deliver(db_pool, now + MINUTE) == Drained(1, 0)
        (row,) = await rows(mill)
        assert (row.state, row.attempts, row.last_error, row.sent_at) == ("sent", 2, None, now + MINUTE)
        assert await courier.deliver(db_pool, now + HOUR) == Drained(0, 0)
        first, second = receiver.taken
        assert first[1] == second[1], "a repetition is the same, to the byte"
        (headers, body), said = second, receiver.bodies[1]
        assert headers[":request"] == "POST /in?plant=1 HTTP/1.1"
        assert headers["idempotency-key"] == said["key"] == f"mill/{row.alert}/2/hook"
        assert headers["x-enms-signature"] == "sha256=" + hmac.new(b"hush", body, sha256).hexdigest()
        assert said["link"] == f"https://energy.example.com/alerts/{row.alert}"
        assert said["title"] == "[Alert · warning] Mill fan: Motor energised but idle"
        assert "Ask whether the machine is waiting" in said["text"]
        assert (said["event"], said["alerts"][0]["rule"]) == ("raised", "motor_idle")


async def test_a_mail_server_that_refuses_first(mill, db_pool, tmp_path, free_port):
    url = f"mailto://example.com:{free_port}?smtp=127.0.0.1&mode=insecure&to=li@example.com&from=enms@example.com"
    text = f"  - {{name: mail, url: '{url}', roles: [energy_manager]}}\n"
    (courier,) = told_by(mill, channels(text, tmp_path))
    await idle(mill)
    assert (await courier.deliver(db_pool, mill.clock)).failed == 1, "nobody listens"
    async with smtp_receiver(free_port) as mailbox:
        mailbox.refuse = "451 try later"
        assert (await courier.deliver(db_pool, mill.clock + MINUTE)).failed == 1
        (row,) = await rows(mill)
        assert row.last_error is not None
        assert "email" in row.last_error
        mailbox.refuse = None
        assert await courier.deliver(db_pool, mill.clock + 10 * MINUTE) == Drained(1, 0)
    (mail,), (row,) = mailbox.mails, await rows(mill)
    assert mailbox.people == [["li@example.com"]]
    assert mail["Subject"] == "[报警 · 警告] 轧钢 fan: 电动机通电空转"
    assert mail["Idempotency-Key"] == row.key
    text = mail.get_body(("plain", "html")).get_content()
    assert f"/alerts/{row.alert}" in text
    assert row.key in text
    assert row.attempts == 3


async def test_who_was_told_is_told_of_the_end_and_nobody_else(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        text = hook(receiver) + (
            f"  - {{name: late, url: 'webhook://127.0.0.1:{receiver.port}/', roles: [director], allow_private: true}}\n"
        )
        told_by(mill, channels(text, tmp_path))
        await idle(mill)
        await idle(mill, value=30.0)
        assert [(r.event, r.channel) for r in await rows(mill)] == [("raised", "hook"), ("resolved", "hook")]


@pytest.mark.parametrize("aside", ["shelved", "in an outage"])
@pytest.mark.parametrize(
    ("ends", "event"), [("late data", "withdrawn"), ("its rule", "withdrawn"), ("load", "resolved")]
)
async def test_who_was_told_is_told_of_the_end_of_what_was_put_aside(mill, db_pool, tmp_path, aside, ends, event):
    async with http_receiver() as receiver:
        inside = f"url: 'webhook://127.0.0.1:{receiver.port}/', allow_private: true"
        more = (
            f"  - {{name: li, {inside}, people: [li]}}\n"
            f"  - {{name: boss, {inside}, roles: [director]}}\n"
            f"  - {{name: other, {inside}, roles: [metering]}}\n"
            "escalation: {warning: 1h, roles: [director]}\n"
        )
        file = channels(hook(receiver) + more, tmp_path)
        told_by(mill, file)
        tender = Tender(file.escalation, Desk.of(file, URL))
        await idle(mill)
        (alert,) = await mill.alerts("motor_idle")
        await assign(mill.connection, alert.id, assignee="li", actor="boss", now=mill.tick())
        await tender.tend(mill.connection, mill.clock + HOUR)
        if aside == "shelved":
            await shelve(mill.connection, alert.id, until=DAY1 + 8 * HOUR, why="x", actor="li", now=mill.tick())
        else:
            span = {"start": DAY1, "end": DAY1 + 9 * HOUR}
            await plan_outage(mill.connection, "mill", subject="fan", **span, why="x", actor="li", now=mill.tick())
            await tender.tend(mill.connection, mill.clock + HOUR)
        before = await rows(mill)
        assert {r.channel for r in before} == {"hook", "li", "boss"}
        if ends == "late data":
            await mill.publish("fan.power", [30.0] * 2, DAY1)
        elif ends == "its rule":
            books = [book for book in read_books([BUNDLED]) if book.name != "motors.yaml"]
            mill.evaluator = Evaluator(books, desk=Desk.of(file, URL))
        else:
            await mill.publish("fan.power", [30.0] * 2)
        mill.clock += HOUR
        await mill.evaluate()
        ended = (await rows(mill))[len(before) :]
        assert [(r.event, r.channel) for r in ended] == [(event, "hook"), (event, "li"), (event, "boss")]
        assert [r.told.split(" — ")[0] for r in ended] == ["energy_manager", "li", "director"]
        await mill.evaluate()
        assert len(await rows(mill)) == len(before) + len(ended), "once"


async def test_an_alert_that_was_over_when_it_was_found_is_for_digests_only(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        text = hook(receiver) + (
            f"  - {{name: digest, url: 'webhook://127.0.0.1:{receiver.port}/', roles: [energy_manager],"
            " allow_private: true, digest: {at: ['08:00']}}\n"
        )
        told_by(mill, channels(text, tmp_path))
        await mill.publish("fan.power", [2.0] * 2 + [30.0] * 2)
        await mill.evaluate()
        found = await rows(mill)
        assert [(r.event, r.channel) for r in found] == [("late", "digest"), ("resolved", "digest")]
        assert [r.slot for r in found] == [DAY1 + 8 * HOUR] * 2


async def test_an_end_goes_after_what_it_ends(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        (courier,) = told_by(mill, channels(hook(receiver, quiet_hours="{from: '22:00', to: '07:00'}"), tmp_path))
        await idle(mill)
        morning = DAY1 + 7 * HOUR
        mill.clock = morning  # collecting is over: the end goes by itself
        await mill.publish("fan.power", [30.0] * 4)
        await mill.evaluate()
        assert [(r.event, r.slot) for r in await rows(mill)] == [("raised", morning), ("resolved", None)]
        receiver.status = 500
        assert await courier.deliver(db_pool, mill.clock) == Drained(0, 1)
        assert len(receiver.taken) == 1, "the end waits for what it ends"
        receiver.status = 200
        assert await courier.deliver(db_pool, mill.clock + MINUTE) == Drained(2, 0)
        assert [body["event"] for body in receiver.bodies[1:]] == ["digest", "resolved"]


async def test_an_end_just_before_what_it_ends_is_told_goes_after_it(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        (courier,) = told_by(mill, channels(hook(receiver, quiet_hours="{from: '22:00', to: '07:00'}"), tmp_path))
        morning = DAY1 + 7 * HOUR
        mill.clock = morning - MINUTE
        await idle(mill)
        mill.clock = morning + MINUTE  # no quiet hours any more
        await idle(mill, quarters=4, value=30.0)
        assert [(r.event, r.slot) for r in await rows(mill)] == [
            ("raised", morning + 2 * MINUTE),
            ("resolved", morning + 4 * MINUTE),
        ]
        assert await courier.deliver(db_pool, mill.clock) == Drained(0, 0)
        assert await courier.deliver(db_pool, morning + 2 * MINUTE) == Drained(1, 0)
        assert await courier.deliver(db_pool, morning + 4 * MINUTE) == Drained(1, 0)


async def test_quiet_hours_collect_and_a_retry_sends_the_same_digest(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        (courier,) = told_by(mill, channels(hook(receiver, quiet_hours="{from: '22:00', to: '07:00'}"), tmp_path))
        await idle(mill)
        await idle(mill, "pump.power")
        morning = DAY1 + 7 * HOUR
        assert await courier.deliver(db_pool, morning - MINUTE) == Drained(0, 0)
        receiver.status = 500
        assert await courier.deliver(db_pool, morning) == Drained(0, 2)
        receiver.status = 204
        assert await courier.deliver(db_pool, morning + MINUTE) == Drained(2, 0)
        first, second = receiver.bodies
        assert first == second
        assert first["key"] == "digest/hook/2026-11-01T23:00Z"
        assert first["title"] == "能耗报警汇总：2 条"
        assert [a["subject"] for a in first["alerts"]] == ["fan", "pump"]


async def test_nothing_is_told_in_an_outage_or_on_the_shelf_until_it_is_over(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        file = channels(hook(receiver), tmp_path)
        told_by(mill, file)
        tender = Tender(desk=Desk.of(file, URL))
        await plan_outage(
            mill.connection, "mill", subject="fan", start=DAY1, end=DAY1 + 2 * HOUR, why="x", actor="li", now=DAY1
        )
        await idle(mill)
        await idle(mill, "pump.power")
        assert [(r.event, r.alert) for r in await rows(mill)] == [("raised", 2)]
        (fan, pump) = await mill.alerts("motor_idle")
        await shelve(mill.connection, pump.id, until=DAY1 + 8 * HOUR, why="x", actor="li", now=mill.tick())
        await tender.tend(mill.connection, DAY1 + 2.5 * HOUR)
        assert [(r.event, r.alert) for r in await rows(mill)][1:] == [("raised", fan.id)]
        await tender.tend(mill.connection, DAY1 + 8 * HOUR)
        assert [(r.event, r.alert) for r in await rows(mill)][2:] == [("escalated", fan.id), ("raised", pump.id)] or [
            (r.event, r.alert) for r in await rows(mill)
        ][2:] == [("raised", pump.id), ("escalated", fan.id)]


async def test_escalation_is_told_to_more_people(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        text = hook(receiver) + (
            f"  - {{name: boss, url: 'webhook://127.0.0.1:{receiver.port}/', roles: [director], allow_private: true}}\n"
            "escalation: {warning: 1h, roles: [director]}\n"
        )
        file = channels(text, tmp_path)
        told_by(mill, file)
        await idle(mill)
        await Tender(file.escalation, Desk.of(file, URL)).tend(mill.connection, mill.clock + HOUR)
        found = await rows(mill)
        assert [(r.event, r.channel) for r in found] == [
            ("raised", "hook"),
            ("escalated", "hook"),
            ("escalated", "boss"),
        ]
        assert found[2].told.startswith("director — webhook: ")


async def test_what_people_do_is_not_told_to_them(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        told_by(mill, channels(hook(receiver), tmp_path))
        await idle(mill)
        (alert,) = await mill.alerts("motor_idle")
        await acknowledge(mill.connection, alert.id, actor="li", now=mill.tick())
        assert len(await rows(mill)) == 1


async def test_who_is_given_an_alert_is_told_once_and_again_when_its_shelf_ends(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        li = f"  - {{name: li, url: 'webhook://127.0.0.1:{receiver.port}/', people: [li], allow_private: true}}\n"
        file = channels(hook(receiver) + li, tmp_path)
        told_by(mill, file)
        tender = Tender(file.escalation, Desk.of(file, URL))
        await idle(mill)
        (alert,) = await mill.alerts("motor_idle")
        await assign(mill.connection, alert.id, assignee="wang", actor="boss", now=mill.tick())
        assert await tender.tend(mill.connection, mill.clock) == {}, "no channel reaches wang"
        await assign(mill.connection, alert.id, assignee="li", actor="boss", now=mill.tick())
        assert await tender.tend(mill.connection, mill.clock) == {Step.ASSIGNED: 1}
        assert await tender.tend(mill.connection, mill.clock) == {}
        until = mill.clock + HOUR
        await shelve(mill.connection, alert.id, until=until, why="定修", actor="li", now=mill.tick())
        await tender.tend(mill.connection, until)
        found = [(r.event, r.channel) for r in await rows(mill)]
        assert found == [("raised", "hook"), ("assigned", "li"), ("raised", "hook"), ("raised", "li")]
        assert (await rows(mill, channel="li"))[0].told.startswith("li — webhook: ")


async def test_messages_of_alerts_that_are_over_are_kept_for_a_while_only(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        (courier,) = told_by(mill, channels(hook(receiver), tmp_path))
        await idle(mill)
        await courier.deliver(db_pool, mill.clock)
        later = mill.clock + timedelta(days=500)
        assert await delete_messages(mill.connection, later) == 0, "it is open: who was told is told of its end"
        await mill.publish("fan.power", [30.0] * 4)
        await mill.evaluate()
        await courier.deliver(db_pool, mill.clock + MINUTE)
        await mill.connection.execute("DELETE FROM outbox WHERE event IS NULL")
        assert len(await rows(mill)) == 2
        assert await delete_messages(mill.connection, mill.clock - timedelta(days=1)) == 0
        assert await delete_messages(mill.connection, later) == 2
        assert await rows(mill) == []


async def test_couriers_at_once_send_each_message_once(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        file = channels(hook(receiver), tmp_path)
        told_by(mill, file)
        for _ in range(3):
            await idle(mill)
            await idle(mill, value=30.0)
            await idle(mill, "pump.power")
            await idle(mill, "pump.power", value=30.0)
        couriers = [Courier(file.channels[0]) for _ in range(3)]
        for _ in range(8):
            await asyncio.gather(*(one.deliver(db_pool, mill.clock) for one in couriers))
        keys = [body["key"] for body in receiver.bodies]
        assert len(keys) == len(set(keys)) == len(await rows(mill)) >= 12
        by_alert = {}
        for key in keys:
            by_alert.setdefault(key.split("/")[1], []).append(int(key.split("/")[2]))
        assert all(numbers == sorted(numbers) for numbers in by_alert.values())


async def test_who_dies_on_the_way_leaves_it_to_the_next_with_the_same_key(mill, db_pool, tmp_path):
    class Dying:
        shown = "nowhere"

        async def send(self, letter):
            self.key = letter.key
            raise ProcessLookupError

    async with http_receiver() as receiver:
        file = channels(hook(receiver), tmp_path)
        told_by(mill, file)
        await idle(mill)
        dying = Dying()
        channel = file.channels[0]
        with pytest.raises(ProcessLookupError):
            await Courier(type(channel)(channel.said, dying, channel.zone)).deliver(db_pool, mill.clock)
        assert await Courier(channel).deliver(db_pool, mill.clock + MINUTE) == Drained(0, 0), "the lease holds"
        assert await Courier(channel).deliver(db_pool, mill.clock + 6 * MINUTE) == Drained(1, 0)
        assert receiver.bodies[0]["key"] == dying.key


async def test_after_three_days_it_is_given_up_and_says_so(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        receiver.status = 404
        (courier,) = told_by(mill, channels(hook(receiver), tmp_path))
        await idle(mill)
        assert await courier.waiting(db_pool, mill.clock) == 1
        assert await courier.deliver(db_pool, mill.clock + timedelta(days=3, minutes=1)) == Drained(0, 1, 1)
        assert await courier.waiting(db_pool, mill.clock + timedelta(days=4)) == 0
        (row,) = await rows(mill)
        assert (row.state, row.last_error) == ("gave_up", "127.0.0.1 answered 404")
        assert await courier.deliver(db_pool, mill.clock + timedelta(days=9)) == Drained(0, 0)


async def test_a_channel_that_is_gone_gives_its_messages_up(mill, db_pool, tmp_path):
    async with http_receiver() as receiver:
        file = channels(hook(receiver), tmp_path)
        told_by(mill, file)
        await idle(mill)
        other = channels(hook(receiver).replace("name: hook", "name: other"), tmp_path)
        await outbox.publish_channels(mill.connection, channel_file_row(other, mill.clock))
        (row,) = await rows(mill)
        assert (row.state, "not in the channels file" in row.last_error) == ("gave_up", True)
        seen = await outbox.channel_file(mill.connection)
        assert [c.name for c in seen.channels] == ["other"]
        assert "hush" not in str(seen)


LETTER = Letter("k", "test", "t", "b")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "[::1]", "0.0.0.0"])
async def test_a_webhook_leads_inside_only_where_it_is_allowed(host):
    with pytest.raises(NotSentError, match="not public"):
        await way_to(f"webhook://{host}:9/x").send(LETTER)


async def test_a_service_of_ones_own_is_held_to_the_same():
    with pytest.raises(NotSentError, match="not public"):
        await way_to("gotify://127.0.0.1:9/token").send(LETTER)


async def test_redirects_are_not_followed():
    async with http_receiver() as inside, http_receiver() as outside:
        outside.status, outside.headers = 302, {"Location": f"http://127.0.0.1:{inside.port}/"}
        for url in (f"webhook://127.0.0.1:{outside.port}/", f"gotify://127.0.0.1:{outside.port}/token"):
            with pytest.raises(NotSentError):
                await way_to(url, allow_private=True).send(LETTER)
        assert len(outside.taken) == 2
        assert inside.taken == []


async def test_the_rules_role_tells_people_by_itself(mill, db_pool, tmp_path):
    class Broker:
        async def publish(self, topic, payload):
            pass

    async with http_receiver() as receiver:
        file = channels(hook(receiver), tmp_path)
        desk, stop, reports = Desk.of(file, URL), asyncio.Event(), {}
        service = RulesService(
            db_pool,
            Evaluator(read_books([BUNDLED]), desk=desk),
            Notifier(Broker()),
            Tender(file.escalation, desk),
            [Courier(one) for one in file.channels],
            clock=lambda: datetime.now(UTC),
            report=lambda part, ok, detail: reports.update({part: (ok, detail)}),
        )
        running = asyncio.create_task(service.run(stop))
        await mill.publish("fan.power", [2.0] * 2)
        await mill.connection.execute("SELECT pg_notify('enms_interval', $1)", str(mill.enterprise.e))
        await eventually(lambda: receiver.taken)
        stop.set()
        await asyncio.wait_for(running, 5)
        assert receiver.bodies[0]["event"] == "raised"
        assert reports["channel hook"] == (True, "")


async def test_what_a_channel_does_not_take_is_counted_from_the_beginning(mill, db_pool, tmp_path, monkeypatch):
    """A count that was there before has an increase to show; messages for people count as much as the broker's."""

    class Broker:
        async def publish(self, topic, payload):
            pass

    def shown(name, channel):
        return REGISTRY.get_sample_value(f"enms_rules_messages_{name}", {"channel": channel})

    async with http_receiver() as receiver:
        receiver.status = 503
        file = channels(hook(receiver).replace("name: hook", "name: dead_hook"), tmp_path)
        stop = asyncio.Event()
        service = RulesService(
            db_pool,
            Evaluator(read_books([BUNDLED]), desk=Desk.of(file, URL)),
            Notifier(Broker()),
            couriers=[Courier(one) for one in file.channels],
            clock=lambda: datetime.now(UTC),
            report=lambda *_: None,
        )
        running = asyncio.create_task(service.run(stop))
        await eventually(lambda: shown("given_up_total", "dead_hook") == 0.0)
        assert (shown("failed_total", "dead_hook"), shown("waiting", "mqtt")) == (0.0, 0.0)
        await mill.publish("fan.power", [2.0] * 2)
        await mill.connection.execute("SELECT pg_notify('enms_interval', $1)", str(mill.enterprise.e))
        await eventually(lambda: shown("waiting", "dead_hook") == 1.0 and shown("failed_total", "dead_hook") == 1.0)
        monkeypatch.setattr("rules.courier._GIVE_UP", timedelta())
        await mill.connection.execute("UPDATE outbox SET next_attempt_at = now() WHERE event IS NOT NULL")
        await eventually(lambda: shown("given_up_total", "dead_hook") == 1.0 and shown("waiting", "dead_hook") == 0.0)
        stop.set()
        await asyncio.wait_for(running, 5)
