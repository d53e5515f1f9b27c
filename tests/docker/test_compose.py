"""What can be said of the containers without an engine: the file, the Dockerfile, the secrets."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from compose_spec import PyCompose

from enms.settings import Settings
from tests.docker.conftest import read_compose

ROOT = Path(__file__).parents[2]
JOBS = {"migrate", "grafana-login", "demo-plants"}

Compose = dict[str, Any]


def _plain(compose: Compose) -> Compose:
    copied: Compose = json.loads(json.dumps(compose))
    return copied


@pytest.mark.parametrize("file", ["docker-compose.yml", "docker/tls.yaml"])
def test_it_is_a_compose_file_by_the_specification(file: str) -> None:
    PyCompose.from_json(json.dumps(read_compose(ROOT / file)))


def test_what_it_refers_to_is_there(compose: Compose) -> None:
    PyCompose.from_json(json.dumps(_plain(compose))).validate()


def test_the_validator_finds_a_mistake(compose: Compose) -> None:
    broken = _plain(compose)
    broken["services"]["api"]["networks"] = ["nowhere"]
    with pytest.raises(ValueError, match="nowhere"):
        PyCompose.from_json(json.dumps(broken)).validate()


def test_docker_compose_takes_it(tmp_path: Path) -> None:
    """Needs Compose, no engine."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no docker compose here")
    done = subprocess.run(
        [docker, "compose", "--profile", "demo", "config", "--quiet"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--no-color", "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_images_are_pinned_and_ours_is_this_version(compose: Compose) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for name, service in compose["services"].items():
        image, _, tag = service["image"].partition(":")
        assert re.match(r"^\d+\.\d+\.\d+", tag), name
        if "build" in service:
            assert (image, tag) == ("enms", version), name
    froms = re.findall(r"(?m)^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert len(froms) == 2
    assert all(re.search(r":\d+\.\d+\.\d+-", image) for image in froms)


def test_every_service_is_limited(compose: Compose) -> None:
    for name, service in compose["services"].items():
        limits = service["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory", "pids"}, name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_what_runs_long_is_looked_after(compose: Compose) -> None:
    for name, service in compose["services"].items():
        if name in JOBS:
            assert service["restart"] == "no", name
            assert "healthcheck" not in service, name
        else:
            assert service["restart"] == "unless-stopped", name
            assert {"test", "interval", "timeout", "retries"} <= service["healthcheck"].keys(), name


def test_only_loopback_is_published(compose: Compose) -> None:
    for name, service in compose["services"].items():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), name
            assert "outside" in service["networks"], name
    assert compose["networks"]["inside"]["internal"] is True


def test_our_own_containers_may_little(compose: Compose) -> None:
    for name, service in compose["services"].items():
        if "build" in service:
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
    assert re.search(r"(?m)^USER \d+:\d+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"))


def test_there_is_no_password_in_it(compose: Compose) -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"://[^/\s]+:[^/\s]+@", text)
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|DATABASE_URL|MQTT_URL", key):
                assert str(value).startswith("/run/secrets"), f"{name}: {key}"


def test_secrets_are_files_that_the_script_makes(compose: Compose, secrets_made: Path) -> None:
    made = {path.name for path in secrets_made.iterdir()}
    for name, secret in compose["secrets"].items():
        assert secret == {"file": f"./docker/secrets/{name}"}
        assert name in made
    used = {entry if isinstance(entry, str) else entry["source"] for entry in _uses(compose)}
    assert used == set(compose["secrets"])


def test_a_secret_is_named_like_the_setting_it_is(compose: Compose) -> None:
    for name, service in compose["services"].items():
        for entry in service.get("secrets", ()):
            if not isinstance(entry, str):
                assert entry["target"].removeprefix("enms_") in Settings.model_fields, name
                assert service["environment"]["ENMS_SECRETS_DIR"] == "/run/secrets", name


def test_settings_in_it_are_settings(compose: Compose) -> None:
    known = {f"ENMS_{name.upper()}" for name in Settings.model_fields}
    for name, service in compose["services"].items():
        given = {key for key in service.get("environment", {}) if key.startswith("ENMS_")}
        assert {key for key in given if not key.startswith("ENMS_GRAFANA_")} <= known, name


def test_folders_it_mounts_are_in_the_repository(compose: Compose) -> None:
    for service in compose["services"].values():
        for mount in service.get("volumes", ()):
            source = mount.split(":", maxsplit=1)[0]
            assert (ROOT / source).is_dir() if source.startswith("./") else source in compose["volumes"]


def test_what_the_image_is_made_of_is_in_its_context() -> None:
    kept = set(re.findall(r"(?m)^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8")))
    copies = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    wanted = {source for line in copies for source in line.split()}
    assert wanted == kept
    assert all((ROOT / source).exists() for source in wanted)


def test_secrets_are_made_once_and_differ(make_secrets: ModuleType, secrets_made: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets_made.iterdir()}
    make_secrets.make_all(secrets_made)
    assert {path.name: path.read_bytes() for path in secrets_made.iterdir()} == before
    other = tmp_path / "other"
    other.mkdir()
    make_secrets.make_all(other)
    same = {path.name for path in other.iterdir() if path.read_bytes() == before[path.name]}
    assert same == {"mosquitto_gateways"}  # empty until there is a Sparkplug gateway


def test_the_command_keeps_the_folder_to_itself(
    make_secrets: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make_secrets, "FOLDER", tmp_path / "secrets")
    assert make_secrets.main([]) == 0
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert make_secrets.main(["gateway", "steel/gw1"]) == 0
    password = capsys.readouterr().out.strip()
    assert len(password) >= 32
    kept = "".join(path.read_text() for path in (tmp_path / "secrets").iterdir())
    assert password not in kept
    assert make_secrets.main(["gateway", "+"]) == 2
    assert make_secrets.main(["sparkplug", "steel/#"]) == 2
    assert make_secrets.main(["revoke", "steel/gw1"]) == 0
    assert make_secrets.main(["revoke", "steel/gw1"]) == 1


def _uses(compose: Compose) -> list[Any]:
    return [entry for service in compose["services"].values() for entry in service.get("secrets", ())]


def test_dashboards_get_the_consoles_own_address(tmp_path: Path) -> None:
    """As Grafana's container does it before Grafana starts; twice, as at every start."""
    environment = {"PATH": "/usr/bin:/bin", "ENMS_DASHBOARDS": str(ROOT / "grafana" / "dashboards")}
    there = {"ENMS_DASHBOARDS_TO": str(tmp_path / "there")}
    addresses = {"https://energy.example.com/a&b/": "https://energy.example.com/a&b", "": "http://localhost:8000"}
    for url, shown in addresses.items():
        given = {"ENMS_PUBLIC_URL": url} if url else {}
        command = ["sh", str(ROOT / "docker" / "grafana" / "start.sh"), "true"]
        subprocess.run(command, env=environment | there | given, check=True)
        boards = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "there").rglob("*.json")]
        assert len(boards) == len(list((ROOT / "grafana" / "dashboards").rglob("*.json")))
        for board in boards:
            (console,) = [v for v in board["templating"]["list"] if v["name"] == "console"]
            assert console["query"] == shown


def test_a_service_that_tells_people_reaches_them(compose: Compose) -> None:
    """Of the roles only those that talk to the world are in a network that leads there."""
    outside = {name for name, service in compose["services"].items() if "outside" in service.get("networks", [])}
    assert outside == {"api", "rules", "grafana", "mosquitto"}
    assert compose["networks"]["inside"] == {"internal": True}
