"""Files for Grafana and Prometheus, from what a stack exports."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from operations.__main__ import main

yaml: Any = importlib.import_module("yaml")  # comes with pulumi, without type information
BOARD: dict[str, Any] = {
    "uid": "mlplatform-dev-application",
    "panels": [],
    "templating": {"list": [{"name": "cloudwatch"}, {"name": "region", "query": "eu-west-1"}]},
}
EXPORTS = {"api_url": "https://abc.execute-api.eu-west-1.amazonaws.com/api/v1"}


def run(folder: Path, exports: Any) -> int:
    given = folder / "exports.json"
    given.write_text(exports if isinstance(exports, str) else json.dumps(exports), encoding="utf-8")
    return main(["dashboards", "--exports", str(given), "--to", str(folder / "grafana")])


@pytest.mark.parametrize("as_text", [True, False], ids=["as text", "as the CLI prints it"])
def test_everything_that_is_provisioned_is_written(tmp_path: Path, *, as_text: bool) -> None:
    boards: Any = {BOARD["uid"]: BOARD}
    shown = {**EXPORTS, "grafana_dashboards": json.dumps(boards) if as_text else boards}
    assert run(tmp_path, shown) == 0
    folder = tmp_path / "grafana"
    assert json.loads((folder / "dashboards" / "mlplatform-dev-application.json").read_text()) == BOARD
    provider = yaml.safe_load((folder / "provisioning" / "dashboards" / "mlplatform.yaml").read_text())
    assert provider["providers"][0]["options"]["path"] == str(folder / "dashboards")
    sources = yaml.safe_load((folder / "provisioning" / "datasources" / "mlplatform.yaml").read_text())
    assert [row["type"] for row in sources["datasources"]] == ["cloudwatch", "prometheus"]
    assert sources["datasources"][0]["jsonData"]["defaultRegion"] == "eu-west-1"
    first, second = yaml.safe_load((folder / "prometheus.yml").read_text())["scrape_configs"]
    assert (first["scheme"], first["metrics_path"]) == ("https", "/api/v1/metrics")
    assert first["static_configs"] == [{"targets": ["abc.execute-api.eu-west-1.amazonaws.com"]}]
    assert first["oauth2"]["scopes"] == ["platform/metrics"]
    assert second["metrics_path"] == "/metrics"


@pytest.mark.parametrize(
    ("exports", "message"),
    [
        (EXPORTS, "set mlplatform:observability.grafana to true and deploy"),
        ({"grafana_dashboards": {"x": BOARD}}, "the exports hold no api_url"),
        ("{", "Expecting property name"),
    ],
    ids=["no dashboards", "no address", "no JSON"],
)
def test_what_is_missing_is_named(
    tmp_path: Path, exports: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, exports) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "grafana").exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboards", "--exports", str(tmp_path / "none"), "--to", str(tmp_path)]) == 1
    assert "No such file" in capsys.readouterr().err
