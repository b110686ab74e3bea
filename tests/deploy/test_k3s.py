import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from app.settings import Settings
from app.wiring import _WRITER_CONNECTIONS
from cli.serving import DRAIN_SECONDS
from db.background_jobs import background_options
from db.engine import DatabaseOptions
from tests.conftest import make_settings
from tests.deploy.conftest import ROOT, Manifest, build

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it says of its own dependencies
    import kubernetes_validate

NO_SETTINGS = {"PYTHON_CPU_COUNT"}  # Python's own


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def containers(pods: dict[str, Manifest]) -> dict[str, Manifest]:
    """Every container, init containers too, by `pod/container`."""
    return {
        f"{pod}/{container['name']}": container
        for pod, template in pods.items()
        for container in [*template["spec"]["containers"], *template["spec"].get("initContainers", [])]
    }


def generated(manifests: list[Manifest], kind: str, prefix: str) -> tuple[str, dict[str, str]]:
    """The name, with its hash, and the content of a generated ConfigMap or Secret."""
    [(name, found)] = [item for item in of_kind(manifests, kind).items() if item[0].startswith(f"{prefix}-")]
    return name, found["data"]


@pytest.mark.parametrize("version", ["1.30", "1.37"])
@pytest.mark.parametrize("components", [(), ("outbound-https",)])
def test_every_manifest_is_one_of_kubernetes(tmp_path: Path, version: str, components: tuple[str, ...]):
    for manifest in build(tmp_path / "k3s", *components):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_nothing_is_reachable_but_by_the_ingress(manifests: list[Manifest], pods: dict[str, Manifest]):
    services = of_kind(manifests, "Service")

    assert {each["spec"].get("type", "ClusterIP") for each in services.values()} == {"ClusterIP"}
    assert "hostPort" not in str(pods)
    assert "hostNetwork" not in str(pods)
    assert "hostPath" not in str(pods)
    assert list(of_kind(manifests, "Ingress")) == ["backend"]


def test_every_container_is_pinned_bounded_and_may_do_nothing(pods: dict[str, Manifest]):
    for name, container in containers(pods).items():
        repository, _, tag = container["image"].partition(":")
        assert repository, name
        assert any(character.isdigit() for character in tag), name
        assert set(container["resources"]["limits"]) == {"cpu", "memory"}, name
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name


def test_every_pod_is_unprivileged_and_knows_nothing_of_the_cluster(
    manifests: list[Manifest], pods: dict[str, Manifest]
):
    [namespace] = of_kind(manifests, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for name, pod in pods.items():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"], name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        # A service called redis would otherwise set REDIS_PORT to tcp://…, and ours is a number.
        assert spec["enableServiceLinks"] is False, name
        assert {mount["name"] for each in containers({name: pod}).values() for mount in each["volumeMounts"]} == {
            volume["name"] for volume in spec["volumes"]
        } | ({"data"} if name in {"postgres", "redis"} else set())


def test_every_container_that_serves_is_probed(pods: dict[str, Manifest], app: FastAPI):
    for name, pod in pods.items():
        for container in pod["spec"]["containers"]:
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container), name
    [backend] = pods["backend"]["spec"]["containers"]
    assert {backend[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe")} <= set(
        app.openapi()["paths"]
    )


def test_the_service_accepts_what_it_is_configured_with(manifests: list[Manifest]):
    _, settings = generated(manifests, "ConfigMap", "settings")
    _, secrets = generated(manifests, "Secret", "secrets")
    known = {name.upper() for name in Settings.model_fields}
    assert set(settings) | set(secrets) <= known
    assert not set(settings) & set(secrets)

    accepted = make_settings(Path(), **_lowered(settings), **dict.fromkeys(_lowered(secrets), "x" * 32))

    services = of_kind(manifests, "Service")
    assert {accepted.db_host, accepted.redis_host} <= set(services)
    [port] = services["postgres"]["spec"]["ports"]
    assert port["port"] == accepted.db_port
    [port] = services["redis"]["spec"]["ports"]
    assert port["port"] == accepted.redis_port
    assert not accepted.migrates_on_start  # the init container does


def test_settings_and_secrets_that_pods_ask_for_are_there(manifests: list[Manifest], pods: dict[str, Manifest]):
    found = dict([generated(manifests, "ConfigMap", "settings"), generated(manifests, "Secret", "secrets")])
    known = {name.upper() for name in Settings.model_fields} | NO_SETTINGS
    for name, container in containers(pods).items():
        for source in container.get("envFrom", []):
            [reference] = source.values()
            assert reference["name"] in found, name
        for variable in container.get("env", []):
            if "valueFrom" in variable:
                [reference] = variable["valueFrom"].values()
                assert reference["key"] in found[reference["name"]], name
            else:
                assert variable["name"] in known, name


def test_no_secret_is_checked_in():
    example = dict(
        line.split("=", 1)
        for line in (ROOT / "k3s/secrets.env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )

    assert set(example.values()) == {""}
    assert (ROOT / "k3s/.gitignore").read_text().split() == ["secrets.env"]


def test_a_pod_has_the_time_to_answer_what_it_has_begun(pods: dict[str, Manifest]):
    spec = pods["backend"]["spec"]
    [backend] = spec["containers"]
    before_the_signal = backend["lifecycle"]["preStop"]["sleep"]["seconds"]
    storing_what_is_queued = 3 * DatabaseOptions().statement_timeout

    assert before_the_signal + DRAIN_SECONDS + storing_what_is_queued < spec["terminationGracePeriodSeconds"]


def test_pods_scale_no_further_than_the_database_has_connections(manifests: list[Manifest], pods: dict[str, Manifest]):
    [autoscaler] = of_kind(manifests, "HorizontalPodAutoscaler").values()
    [postgres] = pods["postgres"]["spec"]["containers"]
    [connections] = [
        int(argument.removeprefix("max_connections="))
        for argument in postgres["args"]
        if argument.startswith("max_connections=")
    ]
    _, settings = generated(manifests, "ConfigMap", "settings")
    of_a_pod = int(settings["DB_POOL_SIZE"]) + _WRITER_CONNECTIONS + background_options().pool_size
    backend = of_kind(manifests, "Deployment")["backend"]

    assert autoscaler["spec"]["scaleTargetRef"]["name"] == "backend"
    assert autoscaler["spec"]["minReplicas"] == 2
    assert "replicas" not in backend["spec"]  # applying again must not undo what the autoscaler did
    assert backend["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    # Beside the pods: one more during an update, its migration, and the three that PostgreSQL keeps for superusers.
    assert (autoscaler["spec"]["maxReplicas"] + 1) * of_a_pod + 1 + 3 <= connections


def test_services_and_budgets_select_pods_that_exist(manifests: list[Manifest], pods: dict[str, Manifest]):
    for name, service in of_kind(manifests, "Service").items():
        selected = [pod for pod in pods.values() if _selects(service["spec"]["selector"], pod)]
        assert len(selected) == 1, name
        named = {port["name"] for each in selected[0]["spec"]["containers"] for port in each["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= named, name
    [budget] = of_kind(manifests, "PodDisruptionBudget").values()
    assert _selects(budget["spec"]["selector"]["matchLabels"], pods["backend"])
    assert budget["spec"]["minAvailable"] == 1
    [spread] = pods["backend"]["spec"]["topologySpreadConstraints"]
    assert _selects(spread["labelSelector"]["matchLabels"], pods["backend"])


def test_the_ingress_is_encrypted_and_is_the_address_that_browsers_are_told(manifests: list[Manifest]):
    [ingress] = of_kind(manifests, "Ingress").values()
    [rule], [tls] = ingress["spec"]["rules"], ingress["spec"]["tls"]
    _, settings = generated(manifests, "ConfigMap", "settings")

    assert [rule["host"]] == tls["hosts"] == [urlsplit(settings["BASE_URL"]).hostname]
    assert ingress["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.entrypoints"] == "websecure"
    [path] = rule["http"]["paths"]
    service = of_kind(manifests, "Service")[path["backend"]["service"]["name"]]
    assert path["backend"]["service"]["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}


def _lowered(variables: dict[str, str]) -> dict[str, Any]:
    return {name.lower(): value for name, value in variables.items()}


def _selects(labels: dict[str, str], pod: Manifest) -> bool:
    return bool(labels.items() <= pod["metadata"]["labels"].items())
