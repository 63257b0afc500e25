"""The generated clients as an app developer uses them, and the page that tells of the API."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.routes import ROUTES
from tests.journeys.support.caller import Caller
from tests.journeys.support.deployed import ROOT, Deployed, row_of

pytestmark = pytest.mark.journey
CLIENTS = ROOT / "dist" / "clients"
SCRIPT = """
import { Client, ApiError } from "./lib/index.js";
const [apiUrl, email, password, row] = process.argv.slice(2);
const tokens = await new Client({ apiUrl }).login({ email, password });
const client = new Client({ apiUrl, accessToken: () => tokens.accessToken });
const answer = await client.predict({ input: JSON.parse(row) });
const models = await client.listModels({ limit: 1 });
const codes = [];
const explained = () => client.explain({ input: JSON.parse(row) });
for (const ask of [() => client.approveModel("no-such-version", {}), explained]) {
  try {
    await ask();
  } catch (error) {
    if (error instanceof ApiError) codes.push(error.code);
  }
}
console.log(JSON.stringify({ version: answer.modelVersion, listed: models.data.length, codes }));
"""


@pytest.fixture(scope="module")
def module() -> Iterator[Any]:
    place = str(CLIENTS / "python")
    sys.path.insert(0, place)
    yield importlib.import_module("mlplatform_client")
    sys.path.remove(place)


def test_the_python_client_signs_in_and_predicts(main: Deployed, module: Any) -> None:
    state = main.state
    anybody = module.Client(state.api_url)
    tokens = anybody.login({"email": state.username, "password": state.password})
    anybody.close()
    client = module.Client(state.api_url, lambda: tokens["accessToken"])
    row = row_of()
    found = client.predict({"input": row})
    assert found["modelVersion"] == client.model_info()["modelVersion"]
    assert client.predict({"input": row}, cache_control="no-cache")["predictionId"] != found["predictionId"]
    assert client.list_models(limit=1)["pagination"]["limit"] == 1
    assert client.insights({"text": "I had a headache"})["adverseEvents"][0]["term"] == "headache"
    assert client.health()["status"] == "live"
    with pytest.raises(module.ApiError) as caught:
        client.approve_model("no-such-version", {})
    assert (caught.value.status, caught.value.code) == (404, "unknown_model")
    assert caught.value.request_id
    with pytest.raises(module.ApiError) as planned:
        client.explain({"input": row})
    assert (planned.value.status, planned.value.code) == (501, "not_there_yet")
    client.close()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed; install Node.js to compile the client")
def test_the_typescript_client_signs_in_and_predicts(main: Deployed, tmp_path: Path) -> None:
    folder = tmp_path / "typescript"
    shutil.copytree(CLIENTS / "typescript", folder)
    command = ["npm", "exec", "--yes", "--package=typescript@5.6.3", "--", "tsc", "-p", "."]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (folder / "use.mjs").write_text(SCRIPT, encoding="utf-8")
    state = main.state
    words = [state.api_url, state.username, state.password, json.dumps(row_of())]
    done = subprocess.run(
        ["node", "use.mjs", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["listed"], found["codes"]) == (1, ["unknown_model", "not_there_yet"])
    assert found["version"]


def test_the_page_tells_of_every_route_under_a_closed_policy(main: Deployed) -> None:
    answer = Caller(main).call("GET", "/docs")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert all(f'id="{route.operation}"' in answer.text for route in ROUTES)
