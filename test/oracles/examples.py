#!/usr/bin/env python3
"""Trains the models of examples/github-flow and examples/gitflow again, and asks their serving code the golden rows:

    pip install -r examples/github-flow/requirements.txt && python3 test/oracles/examples.py --check

fails when the training gives another evaluation, or other predictions, than the committed ones, or other bytes of the artifact the second
time; when a golden row is one that the model learned from; when serving/serve.py, started on the artifact as SageMaker starts it, answers
otherwise; or when it takes a body that it must refuse. Without `--check` the new evaluation and predictions are written to the examples.
"""
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMMITTED = ["evaluation.json", "predictions.jsonl"]


def rows(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))[1:]


def train(folder):
    subprocess.run([sys.executable, "train.py"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return (folder / "model.tar.gz").read_bytes()


def ask(url, body=None, content_type="text/csv"):
    request = urllib.request.Request(url, None if body is None else body.encode(), {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def served(folder, model):
    """Faults of the serving code with the model unpacked in this folder."""
    server = subprocess.Popen(
        [sys.executable, folder / "serving/serve.py"],
        env={**os.environ, "MODEL_FOLDER": str(model), "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        base = f"http://127.0.0.1:{server.stdout.readline().split()[-1]}"
        url = f"{base}/invocations"
        golden = [",".join(cells) for _, _, *cells in rows(folder / "golden.csv")]
        predicted = [json.loads(line)["prediction"] for line in (folder / "predictions.jsonl").read_text().splitlines()]
        cases = [
            ("the ping", ask(f"{base}/ping"), (200, "")),
            ("all golden rows", ask(url, "\n".join(golden)), (200, "".join(f"{one}\n" for one in predicted))),
            ("one golden row", ask(url, golden[-1]), (200, f"{predicted[-1]}\n")),
        ]
        faults = [f"{what}: {str(found)[:80]}" for what, found, expected in cases if found != expected]
        refused = [(golden[0] + ",1", "text/csv", 400), ("a,b", "text/csv", 400), ("", "text/csv", 400), ("{}", "application/json", 415)]
        return faults + [f"{body!r} is not refused" for body, kind, status in refused if ask(url, body, kind)[0] != status]
    finally:
        server.terminate()
        server.wait()


def main():
    wrong = []
    for source in (ROOT / "examples/github-flow", ROOT / "examples/gitflow"):
        with tempfile.TemporaryDirectory() as home:
            folder = pathlib.Path(home) / source.name
            shutil.copytree(source, folder)
            artifact = train(folder)
            faults = [f"{name} is another one" for name in COMMITTED if (folder / name).read_bytes() != (source / name).read_bytes()]
            if train(folder) != artifact:
                faults.append("the second training gives other bytes")
            learned = {tuple(row[:1]) for row in rows(folder / "training.csv")}
            faults += [f"{row[0]} is learned" for row in rows(folder / "golden.csv") if tuple(row[:1]) in learned]
            model = pathlib.Path(home) / "model"
            with tarfile.open(folder / "model.tar.gz") as tar:
                tar.extractall(model, filter="data")
            faults += served(folder, model)
            wrong += [f"{source.relative_to(ROOT)}: {fault}" for fault in faults]
            if "--check" not in sys.argv:
                for name in COMMITTED:
                    shutil.copy(folder / name, source / name)
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"2 examples, {len(wrong)} faults")
    sys.exit(1 if wrong else 0)


main()
