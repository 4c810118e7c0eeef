#!/usr/bin/env python3
"""The server of the inference image, for SageMaker's contract of containers (AWS: "Custom Inference Code with Hosting Services"): it finds
the unpacked model.tar.gz in /opt/ml/model and listens on port 8080. `GET /ping` answers 200. `POST /invocations` takes `text/csv`, one
row of numbers a line, and answers with one class a line. It needs Python and nothing else.
"""
import json
import os
import pathlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def classify(model, row):
    """The class of a row of numbers, in the order of the model's features."""
    node = model["trees"][0]
    while "feature" in node:
        node = node["below" if row[node["feature"]] < node["threshold"] else "above"]
    return model["classes"][node["class"]]


def answer(model, body):
    """The answer to a body of CSV. Raises ValueError where a row is not one number for each feature."""
    rows = [[float(cell) for cell in line.split(",")] for line in body.splitlines() if line.strip()]
    if not rows or any(len(row) != len(model["features"]) for row in rows):
        raise ValueError(f"expected rows of {len(model['features'])} numbers: {', '.join(model['features'])}")
    return "".join(f"{classify(model, row)}\n" for row in rows)


def handler(model):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.reply(200 if self.path == "/ping" else 404, "")

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            if self.path != "/invocations":
                self.reply(404, "")
            elif not self.headers.get("Content-Type", "").startswith("text/csv"):
                self.reply(415, "expected text/csv\n")
            else:
                try:
                    self.reply(200, answer(model, body))
                except ValueError as error:
                    self.reply(400, f"{error}\n")

        def reply(self, status, text):
            self.send_response(status)
            self.send_header("Content-Type", "text/csv")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

    return Handler


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # connections that wait: the default of 5 would refuse some of a burst


if __name__ == "__main__":
    folder = pathlib.Path(os.environ.get("MODEL_FOLDER", "/opt/ml/model"))
    fitted = json.loads((folder / "model.json").read_text())
    server = Server(("", int(os.environ.get("PORT", 8080))), handler(fitted))
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()
