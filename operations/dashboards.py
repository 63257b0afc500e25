"""Writes what Grafana and Prometheus are provisioned with, from a stack's exports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

EXPORTS = ("grafana_dashboards", "standby_grafana_dashboards")
"""Exports of a stack that hold dashboards, a JSON document each by its uid."""

PROVIDER = """\
apiVersion: 1
providers:
  - name: mlplatform
    folder: Machine learning
    type: file
    options:
      path: {path}
"""
SOURCES = """\
apiVersion: 1
datasources:
  - name: CloudWatch
    type: cloudwatch
    uid: cloudwatch
    jsonData:
      authType: default
      defaultRegion: {region}
  - name: Prometheus
    type: prometheus
    uid: prometheus
    url: http://127.0.0.1:9090
    jsonData:
      httpMethod: POST
"""
SCRAPES = """\
scrape_configs:
  # The platform's figures, which CloudWatch adds up; oftener than its period there is nothing new to scrape.
  - job_name: mlplatform
    scrape_interval: 60s
    scheme: {scheme}
    metrics_path: {path}
    oauth2:
      # A program of the setting identity.programs with the scope `metrics`.
      client_id: CLIENT_ID
      client_secret_file: client_secret
      token_url: TOKEN_URL
      scopes: [platform/metrics]
    static_configs:
      - targets: ["{host}"]
  # The serving process, wherever it can be reached: SageMaker lets nobody scrape a container of an endpoint.
  - job_name: mlplatform-model
    metrics_path: /metrics
    static_configs:
      - targets: ["127.0.0.1:8080"]
"""


def provision(exports: Mapping[str, Any], folder: Path) -> list[Path]:
    """Writes dashboards, data sources and an example of what Prometheus scrapes; gives what was written.

    Args:
        exports: what `pulumi stack output --json` prints.
        folder: where; `dashboards/` and `provisioning/` below it are Grafana's own names.

    Raises:
        ValueError: the stack exports no dashboards, or no address of its API.
    """
    found = {uid: document for name in EXPORTS for uid, document in _documents(exports, name).items()}
    if not found:
        raise ValueError(f"the exports hold no {EXPORTS[0]}; set mlplatform:observability.grafana to true and deploy")
    if "api_url" not in exports:
        raise ValueError("the exports hold no api_url; give all that `pulumi stack output --json` prints")
    region = next(iter(found.values()))["templating"]["list"][-1]["query"]
    api = urlsplit(f"{exports['api_url']}/metrics")
    dashboards = folder / "dashboards"
    texts = {dashboards / f"{uid}.json": json.dumps(document, indent=1) for uid, document in found.items()}
    texts |= {
        folder / "provisioning" / "dashboards" / "mlplatform.yaml": PROVIDER.format(path=dashboards.resolve()),
        folder / "provisioning" / "datasources" / "mlplatform.yaml": SOURCES.format(region=region),
        folder / "prometheus.yml": SCRAPES.format(scheme=api.scheme, path=api.path, host=api.netloc),
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sorted(texts)


def _documents(exports: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = exports.get(name) or {}
    # The Pulumi CLI prints a text that holds JSON as what it holds.
    found: Mapping[str, Any] = json.loads(given) if isinstance(given, str) else given
    return found
