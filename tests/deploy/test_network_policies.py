from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import Manifest, build

TRAEFIK = {"app.kubernetes.io/name": "traefik"}
PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}
DNS = {"k8s-app": "kube-dns"}
OURS = "web-behavior"
PORTS = {"http": 8080, "metrics": 9090, "postgres": 5432, "redis": 6379, "dns": 53, "https": 443}


class Network:
    """The connections that the network policies of our namespace allow, as Kubernetes reads them."""

    def __init__(self, manifests: list[Manifest], pods: dict[str, Manifest]) -> None:
        self._policies = [each["spec"] for each in manifests if each["kind"] == "NetworkPolicy"]
        self.places: dict[str, tuple[str, dict[str, str]]] = {
            name: (OURS, pod["metadata"]["labels"]) for name, pod in pods.items()
        } | {
            "traefik": ("kube-system", TRAEFIK),
            "dns": ("kube-system", DNS),
            "prometheus": ("monitoring", PROMETHEUS),
            "a newcomer": (OURS, {"app.kubernetes.io/component": "new"}),
            "a neighbour": ("default", {"app.kubernetes.io/name": "traefik"}),
            "the internet": ("", {}),
        }

    def allows(self, source: str, target: str, port: str) -> bool:
        """True if the one may connect out to the other, and the other lets it in."""
        return self._passes("Egress", source, target, port) and self._passes("Ingress", target, source, port)

    def _passes(self, direction: str, here: str, there: str, port: str) -> bool:
        namespace, labels = self.places[here]
        if namespace != OURS:
            return True
        mine = [
            each
            for each in self._policies
            if direction in each["policyTypes"] and _matches(each["podSelector"], labels)
        ]
        rules = [rule for policy in mine for rule in policy.get(direction.lower(), [])]
        peers = "to" if direction == "Egress" else "from"
        return not mine or any(
            any(self._is(peer, there) for peer in rule[peers])
            and any(each["port"] in {port, PORTS[port]} for each in rule["ports"])
            for rule in rules
        )

    def _is(self, peer: dict[str, Any], place: str) -> bool:
        namespace, labels = self.places[place]
        if "ipBlock" in peer:
            return place == "the internet"
        if "namespaceSelector" in peer:
            its_own = _matches(peer["namespaceSelector"], {"kubernetes.io/metadata.name": namespace})
        else:
            its_own = namespace == OURS
        return its_own and _matches(peer["podSelector"], labels)


def _matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


NECESSARY = {
    ("traefik", "backend", "http"),
    ("prometheus", "backend", "metrics"),
    ("backend", "postgres", "postgres"),
    ("backend", "redis", "redis"),
    ("backend", "dns", "dns"),
}


@pytest.mark.parametrize(
    ("components", "more"), [((), set()), (("outbound-https",), {("backend", "the internet", "https")})]
)
def test_connections_are_possible_where_they_are_needed_and_nowhere_else(
    tmp_path: Path, pods: dict[str, Manifest], components: tuple[str, ...], more: set[tuple[str, str, str]]
):
    network = Network(build(tmp_path / "k3s", *components), pods)

    possible = {
        (source, target, port)
        for source, target, port in product(network.places, network.places, PORTS)
        if OURS in {network.places[source][0], network.places[target][0]} and network.allows(source, target, port)
    }

    assert possible == NECESSARY | more
