"""A baseline on the EnPI's page and on the rule's: scatter, line, band, the step judged last, quality."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rules.book import BUNDLED, read_book
from tests.rules.test_baseline import ENERGY, OUTPUT, work
from tests.rules.world import World

BEGIN = datetime(2026, 11, 5, 16, tzinfo=UTC)


@pytest.fixture
async def kiln(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "baseline", [read_book(BUNDLED / "baseline.yaml")])
        await world.evaluator.publish_books(connection, world.tick())
        # fourteen days
        await work(world, [*3 * OUTPUT, *OUTPUT[:6]], [*3 * ENERGY, *ENERGY[:6]], BEGIN)
        await world.evaluate()
        yield world


async def number(world):
    return await world.connection.fetchval("SELECT id FROM enpi WHERE e = $1", world.enterprise.e)


async def test_nothing_is_drawn_before_there_is_a_baseline(client, kiln):
    shown = (await client.get(f"/e/works/enpi/{await number(kiln)}?lang=en")).text
    assert "Process energy" in shown or "kiln.process_energy" in shown
    assert 'class="scatter"' not in shown


async def test_the_scatter_has_what_was_observed_the_line_its_band_and_the_last_step(client, kiln):
    await work(kiln, [11, 10], [160, 165])
    await kiln.evaluate()
    shown = (await client.get(f"/e/works/enpi/{await number(kiln)}?lang=en")).text
    drawing = shown[shown.index('<svg class="scatter"') :].split("</svg>")[0]
    assert drawing.count('class="seen"') == 42
    assert drawing.count('class="judged"') == 1
    assert drawing.count('class="over last"') == 1
    assert 'class="line"' in drawing
    assert 'class="band"' in drawing
    assert "10.0 % over" in shown
    assert "42 observations" in shown
    assert "Durbin–Watson" in shown
    rule = (await client.get("/rules?enterprise=works&rule=baseline_process_shift&lang=zh")).text
    assert '<svg class="scatter"' in rule
    assert "能源基准" in rule
    assert "超出" in rule


async def test_a_variable_that_never_was_so_great_widens_the_picture_and_is_not_over(client, kiln):
    await work(kiln, [12.5], [175])
    await kiln.evaluate()
    shown = (await client.get(f"/e/works/enpi/{await number(kiln)}?lang=en")).text
    assert "within the interval" in shown
    assert shown.count('class="judged last"') == 1


async def test_an_alerts_chart_is_how_far_over_the_baseline_it_went(client, kiln):
    await work(kiln, [11, 10, 10], [160, 165, 165])
    await kiln.evaluate()
    (alert,) = await kiln.alerts()
    chart = (await client.get(f"/alerts/{alert.id}/chart.json")).json()
    assert chart["unit"] == "%"
    _, _, value, _, _, limit, _ = chart["pieces"][-1]
    assert (round(value, 1), limit < value) == (10.0, True)
