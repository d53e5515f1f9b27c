"""Make the secrets of docker-compose.yml, once; Python's standard library only.

    python3 docker/make_secrets.py                       what is missing is made, what is there is kept
    python3 docker/make_secrets.py gateway steel/gw1     an MQTT account for a gateway; prints its password, once
    python3 docker/make_secrets.py sparkplug steel/gw1   the same for a Sparkplug B edge node
    python3 docker/make_secrets.py reader scada [steel]  an MQTT account that reads alerts: of one enterprise, or all
    python3 docker/make_secrets.py revoke steel/gw1      the account ends, a reader's too

A gateway's name is ENTERPRISE/GATEWAY: it may publish for that enterprise, nothing else. Again: a new password.

Files lie in docker/secrets/ (0700, never committed). A file is readable by all because Compose hands it into the
container as it is, and the services there are other users; the folder keeps this machine's users out.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "secrets"
_PASSWORDS = (
    "db_superuser_password",
    "db_migrator_password",
    "db_app_password",
    "grafana_db_password",
    "grafana_admin_password",
    "mqtt_ingest_password",
    "mqtt_rules_password",
    "mqtt_simulator_password",
)
_MQTT_USERS = {
    "enms-ingest": "mqtt_ingest_password",
    "enms-rules": "mqtt_rules_password",
    "enms-simulator": "mqtt_simulator_password",
}
_GATEWAY = re.compile(r"^[a-z0-9][a-z0-9_-]*/[A-Za-z0-9_.-]+$")
_ENTERPRISE = re.compile(r"^[a-z0-9][a-z0-9_-]*$")
# Not one of ours, and no gateway's.
_READER = re.compile(r"^(?!enms-)[A-Za-z0-9_.-]+$")
_RESTART = "take it over with: docker compose restart mosquitto\n"


def main(arguments: list[str]) -> int:
    """The command."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    FOLDER.chmod(0o700)
    match arguments:
        case []:
            make_all(FOLDER)
            return 0
        case ["gateway" | "sparkplug" as kind, name] if _GATEWAY.match(name):
            make_all(FOLDER)
            password = add_gateway(FOLDER, name, sparkplug=kind == "sparkplug")
            sys.stdout.write(f"{password}\n")
            sys.stderr.write(_RESTART)
            return 0
        case ["reader", name, *only] if _READER.match(name) and len(only) < 2 and all(map(_ENTERPRISE.match, only)):
            make_all(FOLDER)
            sys.stdout.write(f"{add_reader(FOLDER, name, *only)}\n")
            sys.stderr.write(_RESTART)
            return 0
        case ["revoke", name] if _GATEWAY.match(name) or _READER.match(name):
            make_all(FOLDER)
            if not revoke(FOLDER, name):
                sys.stderr.write(f"there is no account {name}\n")
                return 1
            sys.stderr.write(_RESTART)
            return 0
        case _:
            sys.stderr.write(f"{(__doc__ or '').strip()}\n")
            return 2


def make_all(folder: Path) -> None:
    """Every file that is missing."""
    for name in _PASSWORDS:
        _once(folder / name, secrets.token_urlsafe(24))
    given = {name: (folder / name).read_text(encoding="ascii").strip() for name in _PASSWORDS}
    migrator, app = given["db_migrator_password"], given["db_app_password"]
    _once(folder / "database_url_migrator", f"postgresql://enms_migrator:{migrator}@db:5432/enms")
    _once(folder / "database_url_app", f"postgresql://enms:{app}@db:5432/enms")
    for user, name in _MQTT_USERS.items():
        short = name.split("_")[1]
        _once(folder / f"mqtt_url_{short}", f"mqtt://{user}:{given[name]}@mosquitto:1883")
    accounts = folder / "mosquitto_passwd"
    _once(accounts, "")
    _once(folder / "mosquitto_gateways", "")
    known = {line.split(":", 1)[0] for line in accounts.read_text(encoding="ascii").splitlines()}
    for user, name in _MQTT_USERS.items():
        if user not in known:
            add_user(accounts, user, given[name])


def add_user(accounts: Path, user: str, password: str) -> None:
    """An account in mosquitto's password file; one of the same name is replaced."""
    lines = [line for line in accounts.read_text(encoding="ascii").splitlines() if line.split(":", 1)[0] != user]
    _write(accounts, "".join(f"{line}\n" for line in [*lines, f"{user}:{mosquitto_hash(password)}"]))


def add_gateway(folder: Path, name: str, *, sparkplug: bool) -> str:
    """An account for ENTERPRISE/GATEWAY, with a fresh password, which is given back and nowhere kept."""
    password = secrets.token_urlsafe(24)
    _without_rights(folder, name)
    if sparkplug:
        rights = folder / "mosquitto_gateways"
        _write(rights, rights.read_text(encoding="ascii") + sparkplug_rights(name))
    add_user(folder / "mosquitto_passwd", name, password)
    return password


def add_reader(folder: Path, name: str, enterprise: str = "+") -> str:
    """An account that reads what the rules publish of an enterprise (`+`: of all), with a fresh password."""
    password = secrets.token_urlsafe(24)
    _without_rights(folder, name)
    rights = folder / "mosquitto_gateways"
    told = f"user {name}\ntopic read energy/v1/{enterprise}/alerts/+\n"
    _write(rights, rights.read_text(encoding="ascii") + told)
    add_user(folder / "mosquitto_passwd", name, password)
    return password


def revoke(folder: Path, name: str) -> bool:
    """Take a gateway's account away; False: there was none."""
    accounts = folder / "mosquitto_passwd"
    lines = accounts.read_text(encoding="ascii").splitlines()
    kept = [line for line in lines if line.split(":", 1)[0] != name]
    _write(accounts, "".join(f"{line}\n" for line in kept))
    _without_rights(folder, name)
    return len(kept) < len(lines)


def sparkplug_rights(name: str) -> str:
    """What a Sparkplug edge node may do, as mosquitto's ACL has it: its own topics, and who the host is.

    No pattern can say this: the kind of message stands between enterprise and gateway in the topic.
    """
    group, node = name.split("/")
    own = [f"write spBv1.0/{group}/{kind}/{node}" for kind in ("NBIRTH", "NDATA", "NDEATH")]
    devices = [f"write spBv1.0/{group}/{kind}/{node}/+" for kind in ("DBIRTH", "DDATA", "DDEATH")]
    told = [f"read spBv1.0/{group}/NCMD/{node}", f"read spBv1.0/{group}/DCMD/{node}/+", "read spBv1.0/STATE/+"]
    return f"user {name}\n" + "".join(f"topic {right}\n" for right in (*own, *devices, *told))


def _without_rights(folder: Path, name: str) -> None:
    rights = folder / "mosquitto_gateways"
    blocks = re.split(r"(?m)^(?=user )", rights.read_text(encoding="ascii"))
    _write(rights, "".join(block for block in blocks if block.split("\n", 1)[0] != f"user {name}"))


def mosquitto_hash(password: str, salt: bytes | None = None) -> str:
    """As mosquitto_passwd writes it since 2.0: $7$, PBKDF2 with SHA-512, 101 rounds, 12 bytes of salt."""
    salt = salt if salt is not None else os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _once(path: Path, text: str) -> None:
    if not path.exists():
        _write(path, text)


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_text(text, encoding="ascii")
    scratch.chmod(0o644)
    scratch.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
