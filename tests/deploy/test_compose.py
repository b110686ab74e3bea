import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from app.settings import Settings
from cli.serving import DRAIN_SECONDS
from tests.conftest import make_settings
from tests.deploy.conftest import ROOT

PRODUCTION, LOCAL = ROOT / "docker-compose.yml", ROOT / "docker-compose.local.yml"
NO_SETTINGS = {"PYTHON_CPU_COUNT"}  # Python's own
SECRET = re.compile(r"SECRET|PASS")
ENVIRONMENT = {
    "BASE_URL": "https://behavior.example.com",
    "JWT_SECRET": "j" * 32,
    "DB_PASS": "d" * 32,
    "REDIS_PASSWORD": "r" * 32,
}


def interpolated(file: Path) -> str:
    """The file with variables put in, the way Compose does it: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`."""

    def value(found: re.Match[str]) -> str:
        name, operator, rest = found["name"], found["operator"], found["rest"] or ""
        assert operator != ":?" or name in ENVIRONMENT, f"{name} is required"
        return ENVIRONMENT.get(name, rest if operator == ":-" else "")

    text = re.sub(r"(?<!\$)\$\{(?P<name>\w+)(?P<operator>:[-?])?(?P<rest>[^}]*)\}", value, file.read_text())
    return text.replace("$$", "$")


def services(file: Path) -> dict[str, dict[str, Any]]:
    """A file's services."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(interpolated(file))["services"]
    return found


def raw_environment(name: str) -> dict[str, str]:
    """A service's variables as they are written."""
    found: dict[str, str] = yaml.safe_load(PRODUCTION.read_text())["services"][name].get("environment", {})
    return found


@pytest.mark.parametrize("file", [PRODUCTION, LOCAL], ids=lambda file: file.name)
def test_the_file_is_one_of_the_compose_specification(file: Path):
    merged = yaml.safe_load(interpolated(file))  # the library knows no merge keys
    understood = PyCompose.from_yaml(yaml.safe_dump(merged))

    assert set(understood.service_names()) == set(services(file))


@pytest.mark.parametrize("file", [PRODUCTION, LOCAL], ids=lambda file: file.name)
def test_ports_are_open_to_this_machine_only_and_everything_is_pinned_and_bounded(file: Path):
    for name, service in services(file).items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert re.fullmatch(r"[\w-]+:\d+(\.\d+)+[\w-]*", service["image"]), name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "test" in service["healthcheck"] or name == "migrate", name


def test_containers_may_do_nothing_that_they_need_not():
    for name, service in services(PRODUCTION).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["pids_limit"] > 0, name
        assert not {"privileged", "cap_add", "devices", "network_mode", "pid"} & set(service), name
        assert "user" in service or service["image"].startswith("web-behavior:"), name  # whose image says 10001


def test_no_secret_stands_in_the_file():
    for name in services(PRODUCTION):
        for variable, value in raw_environment(name).items():
            if SECRET.search(variable) or variable == "REDISCLI_AUTH":
                assert re.fullmatch(r"\$\{\w+:[-?].*\}", value), variable
                assert ":?" in value or value.endswith(":-}"), variable  # required, or empty by default


@pytest.mark.parametrize("name", ["backend", "migrate"])
def test_the_service_accepts_what_it_is_configured_with(name: str):
    everything = services(PRODUCTION)
    environment = everything[name]["environment"]
    assert set(environment) - NO_SETTINGS <= {field.upper() for field in Settings.model_fields}

    given: dict[str, Any] = {key.lower(): str(value) for key, value in environment.items() if value not in {None, ""}}
    accepted = make_settings(Path(), **given)

    assert {accepted.db_host, accepted.redis_host} <= set(everything)
    assert everything["postgres"]["environment"] == {
        "POSTGRES_USER": accepted.db_user,
        "POSTGRES_DB": accepted.db_name,
        "POSTGRES_PASSWORD": accepted.db_pass,
    }
    assert everything["redis"]["environment"]["REDIS_PASSWORD"] == accepted.redis_password
    assert not accepted.migrates_on_start  # the service `migrate` does


def test_everything_starts_after_what_it_needs():
    everything = services(PRODUCTION)

    assert everything["backend"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }
    assert everything["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert (everything["migrate"]["restart"], everything["migrate"]["command"][0]) == ("no", "migrate")
    assert int(everything["backend"]["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS + 15


def test_databases_reach_nothing_and_the_proxy_is_believed():
    whole = yaml.safe_load(interpolated(PRODUCTION))
    assert whole["networks"]["inside"] == {"internal": True}
    assert {name: each["networks"] for name, each in whole["services"].items() if each["networks"] != ["inside"]} == {
        "backend": ["outside", "inside"]
    }

    [pool] = whole["networks"]["outside"]["ipam"]["config"]

    assert whole["services"]["backend"]["environment"]["FORWARDED_ALLOW_IPS"] == pool["gateway"]


def test_the_same_versions_run_everywhere():
    kustomization = yaml.safe_load((ROOT / "k3s/kustomization.yaml").read_text())
    pinned = {f"{image['name']}:{image['newTag']}" for image in kustomization["images"]}
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert project

    assert {service["image"] for service in services(PRODUCTION).values()} == pinned
    assert {service["image"] for service in services(LOCAL).values()} < pinned
    assert f"web-behavior:{project[1]}" in pinned
