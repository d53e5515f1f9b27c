"""The description is good enough to hand to a stranger."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI


@pytest.fixture
async def described(client: httpx.AsyncClient) -> dict:
    response = await client.get("/openapi.json")
    assert response.status_code == 200
    return response.json()


async def test_every_operation_says_what_it_is(described: dict) -> None:
    for path, operations in described["paths"].items():
        assert path.startswith("/api/v1/")
        for method, operation in operations.items():
            assert operation["summary"], (path, method)
            assert operation["tags"], (path, method)
            for parameter in operation.get("parameters", []):
                assert parameter.get("description"), (path, parameter["name"])
            if operation["tags"] != ["system"]:
                assert "application/problem+json" in operation["responses"]["422"]["content"], (path, method)


async def test_every_table_is_described_as_csv_too(described: dict) -> None:
    tables = [
        operation
        for operations in described["paths"].values()
        for operation in operations.values()
        if any(parameter["name"] == "format" for parameter in operation.get("parameters", []))
    ]
    assert len(tables) > 10
    assert all("text/csv" in operation["responses"]["200"]["content"] for operation in tables)


async def test_every_reference_leads_somewhere(described: dict) -> None:
    shapes = described["components"]["schemas"]

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                assert node["$ref"].removeprefix("#/components/schemas/") in shapes, node["$ref"]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(described)


async def test_no_body_takes_a_key_that_nobody_knows(described: dict) -> None:
    shapes = described["components"]["schemas"]
    seen: set[str] = set()

    def walk(node: object, where: str) -> None:
        if isinstance(node, list):
            for value in node:
                walk(value, where)
        if not isinstance(node, dict):
            return
        name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
        if name and name not in seen:
            seen.add(name)
            walk(shapes[name], name)
        if "properties" in node:
            assert node.get("additionalProperties") is False, where
        for value in node.values():
            walk(value, where)

    bodies = {
        path: operation["requestBody"]
        for path, operations in described["paths"].items()
        for operation in operations.values()
        if "requestBody" in operation
    }
    for path, body in bodies.items():
        walk(body, path)
    assert len(bodies) > 20
    assert {"BatchIn", "RowIn", "RosterIn", "OpenIn", "ManyIn"} <= seen


async def test_the_contracts_calls_are_there(described: dict) -> None:
    wanted = {
        "/health", "/metrics", "/enterprises", "/enterprises/{code}", "/points", "/points/latest", "/readings",
        "/quarantine", "/live", "/meters/exchange", "/meters/reset",
    }  # fmt: skip
    assert {f"/api/v1{path}" for path in wanted} <= set(described["paths"])
    assert set(described["paths"]["/api/v1/readings"]) == {"get", "post"}


async def test_no_page_of_ours_asks_another_host_for_its_scripts(app: FastAPI, client: httpx.AsyncClient) -> None:
    paths = {route.path for route in app.routes if hasattr(route, "path")}
    assert not {"/docs", "/redoc"} & paths or "cdn" not in (await client.get("/docs")).text
