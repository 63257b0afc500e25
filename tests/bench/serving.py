"""Requests per second of the serving process beside MLServer and BentoML on the same graph, and a forest's single row.

`python tests/bench/serving.py` prints ratios and asserts nothing. The peers need packages whose pins conflict with the
project's, so they get an environment of their own: `python tests/bench/serving.py --install` makes it once.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS = Path(os.environ.get("BENCH_SERVING_ENV", Path.home() / ".cache" / "mlplatform" / "bench-serving"))
PACKAGES = ("mlserver==1.7.1", "bentoml==1.4.39", "onnxruntime==1.23.2", "numpy==2.1.0", "httptools", "uvloop")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Peer:
    """A server: how it is started, where it is asked, and what it is sent for one row."""

    name: str
    command: Callable[[int], list[str]]
    path: str
    body: dict[str, Any]
    environment: Callable[[int], dict[str, str]]


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="make the peers' environment first")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.install:
        install()
    with tempfile.TemporaryDirectory() as folder:
        model, forest, rows = forest_model(Path(folder))
        compare_row(model, forest, rows)
        compare_servers(model, Path(folder), options.seconds, options.rounds)
    return 0


def install() -> None:
    """Makes the peers' environment."""
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(PEERS)], check=True)
    python = str(PEERS / "bin" / "python")
    subprocess.run([*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *PACKAGES], check=True)


def forest_model(folder: Path) -> tuple[Path, Any, np.ndarray[Any, np.dtype[np.float32]]]:
    """A folder with a forest of 100 trees on the breast cancer data set, the forest itself, and encoded rows."""
    from sklearn.datasets import load_breast_cancer

    from training.algorithms import load
    from training.data.features import Feature
    from training.model.bundle import write_bundle

    data = load_breast_cancer()
    mean, scale = data.data.mean(axis=0), data.data.std(axis=0)
    rows = ((data.data - mean) / scale).astype(np.float32)
    algorithm = load("random_forest")
    forest = algorithm.fit(rows, data.target, {p.name: p.default for p in algorithm.PARAMETERS}, 7)
    features = [
        Feature(str(name), "numeric", float(mean[n]), float(scale[n])).to_json()
        for n, name in enumerate(data.feature_names)
    ]
    description = {"version": "bench", "features": features, "target": {"name": "target", "classes": [0, 1]}}
    sample = dict(zip(map(str, data.feature_names), data.data[0].tolist(), strict=True))
    write_bundle(folder / "model", algorithm.to_onnx(forest, rows.shape[1]), description, sample, None)
    return folder / "model", forest, rows


def compare_row(model: Path, forest: Any, rows: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """A forest's single row: ONNX Runtime beside scikit-learn."""
    from training.serve import model_fn

    loaded = model_fn(str(model))
    single = [rows[n : n + 1] for n in range(len(rows))]
    plain = [row[0].tolist() for row in single]
    forest.set_params(n_jobs=1)  # threads for a single row only slow it down
    library = best(lambda: [forest.predict_proba(row) for row in single[:20]]) / 20
    graph = best(lambda: [loaded.one(row) for row in plain]) / len(plain)
    expected = forest.predict_proba(rows)
    answered = np.array([loaded.one(row) for row in plain])
    same = bool((expected.argmax(axis=1) == answered.argmax(axis=1)).all())
    print("forest of 100 trees, one row")
    print(f"  scikit-learn {library * 1e6:9.1f} µs")
    print(f"  ONNX Runtime {graph * 1e6:9.1f} µs   ratio {graph / library:.4f} (wanted: at most 0.01)")
    print(
        f"  labels the same: {same}; largest difference {np.abs(expected - answered).max():.1e} (wanted: at most 1e-5)"
    )


def best(call: Callable[[], object], times: int = 5) -> float:
    """The shortest of several runs, in seconds."""
    durations = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        durations.append(time.perf_counter() - began)
    return min(durations)


def peers(model: Path, folder: Path) -> list[Peer]:
    """Ours first; the others as far as they are installed."""
    sample = json.loads((model / "sample.json").read_text())
    description = json.loads((model / "model.json").read_text())["features"]
    row = [(sample[item["name"]] - item["mean"]) / item["scale"] for item in description]
    found = [
        Peer(
            "this project",
            lambda port: [sys.executable, "-m", "training.server", "--model", str(model), "--port", str(port)],
            "/invocations",
            {"instances": [sample]},
            lambda _: {"PYTHONPATH": str(model / "code")},
        )
    ]
    if not (PEERS / "bin" / "bentoml").is_file():
        print(f"the peers are not installed; make their environment with: python {Path(__file__).name} --install")
        return found
    graph = {"BENCH_MODEL": str(model / "model.onnx"), "PYTHONPATH": str(HERE / "serving_peers")}
    settings = folder / "mlserver"
    settings.mkdir()
    (settings / "model-settings.json").write_text(
        json.dumps({"name": "onnx", "implementation": "mlserver_model.OnnxModel"})
    )
    tensor = {"name": "features", "shape": [1, len(row)], "datatype": "FP32", "data": row}
    found.append(
        Peer(
            "MLServer",
            lambda _: [str(PEERS / "bin" / "mlserver"), "start", str(settings)],
            "/v2/models/onnx/infer",
            {"inputs": [tensor]},
            lambda port: graph | mlserver_settings(port),
        )
    )
    found.append(
        Peer(
            "BentoML",
            lambda port: [
                *(str(PEERS / "bin" / "bentoml"), "serve", "bento_service:Onnx", "--host", "127.0.0.1"),
                *("--port", str(port), "--working-dir", str(HERE / "serving_peers")),
            ],
            "/predict",
            {"features": [row]},
            lambda _: (
                graph
                | {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_CONFIG_OPTIONS": "api_server.logging.access.enabled=false"}
            ),
        )
    )
    return found


def mlserver_settings(port: int) -> dict[str, str]:
    """One process without a pool of workers, which is its quickest way for a small model."""
    return {
        "MLSERVER_HTTP_PORT": str(port),
        "MLSERVER_GRPC_PORT": str(free_port()),
        "MLSERVER_METRICS_PORT": str(free_port()),
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_PARALLEL_WORKERS": "0",
        "MLSERVER_DEBUG": "false",
    }


def compare_servers(model: Path, folder: Path, seconds: float, rounds: int) -> None:
    """Requests per second of each server at 1 and 8 connections, in turns, medians."""
    results: dict[tuple[str, int], list[float]] = {}
    found = peers(model, folder)
    for _ in range(rounds):
        for peer in found:
            with running(peer, folder) as port:
                for connections in (1, 8):
                    load(peer, port, connections, min(seconds, 0.5))
                    results.setdefault((peer.name, connections), []).append(load(peer, port, connections, seconds))
    for connections in (1, 8):
        print(f"{connections} connection{'s' if connections > 1 else ''}, requests per second")
        ours = statistics.median(results["this project", connections])
        for peer, wanted in zip(found, ("", ", wanted: at least 5", ", wanted: at least 10"), strict=False):
            rate = statistics.median(results[peer.name, connections])
            print(f"  {peer.name:12} {rate:9.0f}   this project is {ours / rate:5.1f} times as fast{wanted}")


@contextmanager
def running(peer: Peer, folder: Path) -> Iterator[int]:
    """The server in a process group of its own, ready; ended with all its children afterwards."""
    port = free_port()
    log = (folder / f"{peer.name}.log").open("w+b")
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)  # inherited by the server: the polling client gets a core of its own
    process = subprocess.Popen(
        peer.command(port),
        cwd=folder,
        env=os.environ | peer.environment(port) | {"HOME": str(folder)},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    os.sched_setaffinity(0, cores[:1])
    try:
        until = time.monotonic() + 90
        while not answers(peer, port):
            if process.poll() is not None or time.monotonic() > until:
                log.seek(0)
                raise SystemExit(f"{peer.name} did not start:\n{log.read().decode()[-3000:]}")
            time.sleep(0.1)
        yield port
    finally:
        os.sched_setaffinity(0, cores)
        end(process)
        log.close()


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a server and what it has started: politely, then not."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(peer: Peer, port: int) -> bool:
    """Whether one request is answered with 200."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(request(peer))
            return b" 200 " in connection.recv(65536).split(b"\r\n", 1)[0]
    except OSError:
        return False


def request(peer: Peer) -> bytes:
    """The same request each time, made once."""
    body = json.dumps(peer.body).encode()
    head = f"POST {peer.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def load(peer: Peer, port: int, connections: int, seconds: float) -> float:
    """Requests per second over kept connections, each of which waits for its answer.

    It polls without sleeping: what a client's own wake-ups cost would hide the difference between quick servers.
    """
    message, done = request(peer), 0
    poll = select.epoll()
    sockets = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(connections)]
    by_number = {connection.fileno(): connection for connection in sockets}
    buffers = dict.fromkeys(by_number, b"")
    for number, connection in by_number.items():
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(number, select.EPOLLIN)
        connection.sendall(message)
    began = time.perf_counter()
    while (now := time.perf_counter()) - began < seconds:
        for number, _ in poll.poll(0):
            connection = by_number[number]
            piece = connection.recv(65536)
            if not piece:
                raise SystemExit(f"{peer.name} closed the connection")
            buffers[number] += piece
            if complete(buffers[number], peer):
                buffers[number] = b""
                done += 1
                connection.sendall(message)
    for connection in sockets:
        connection.close()
    poll.close()
    return done / (now - began)


def complete(answer: bytes, peer: Peer) -> bool:
    """Whether a whole answer has arrived.

    Raises:
        SystemExit: it is no success; a rate of errors means nothing.
    """
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    found = LENGTH.search(answer, 0, end)
    if b" 200 " not in answer[:20] or found is None:
        raise SystemExit(f"{peer.name} answered {answer[:500]!r}")
    return len(answer) >= end + 4 + int(found.group(1))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
