#!/usr/bin/env python3
"""Judges the simulator by AWS's own Python client: pip install botocore, then

    SIMULATOR_WIRE_FILE=wire.jsonl npx jest test/simulator      (or any rehearsal)
    python3 tools/verify-with-botocore.py wire.jsonl

Every answer must parse with botocore's parser for that protocol and satisfy the service model (known members, required members, enums,
ranges). botocore's validator and the model's constraints must accept every accepted request. They must also refuse every request that
the simulator refused for a constraint. tools/documented-refusals.json must list every other refusal with its source. The script proves
on every run that it can fail: it must notice damage planted in copies of the exchanges. Prints `N passed, N failed`; exit 1 after a
failure.
"""
import base64
import io
import json
import multiprocessing
import pathlib
import re
import sys
from collections import Counter
from urllib.parse import parse_qsl, unquote

import botocore
from botocore.awsrequest import HeadersDict
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError, create_parser
from botocore.utils import parse_timestamp
from botocore.validate import ParamValidator

PARSERS = {"json": "json", "query": "query", "rest-json": "rest-json", "s3": "rest-xml", "smithy-rpc-v2-cbor": "smithy-rpc-v2-cbor"}
# Refusals before the operation itself: credentials, permissions, throttling, planned server errors.
GATE = re.compile(
    r"ThrottlingException|Throttling|SlowDown|InternalFailure|InternalError|(Expired|Missing|Invalid|Unrecognized)\w*"
    r"|AccessDenied(Exception)?|UnknownOperationException|ResourceLimitExceeded|\d+"
)
RULES = [
    (service, re.compile(code), re.compile(message, re.S))
    for service, code, message, _source in json.loads(
        (pathlib.Path(__file__).parent / "documented-refusals.json").read_text()
    )
]
JAVA_CLASSES = {"Print": r"\x20-\x7e", "Alnum": "A-Za-z0-9"}

loader = Loader()
models = {}


def model_of(service):
    if service not in models:
        models[service] = ServiceModel(loader.load_service_model(service, "service-2"), service)
    return models[service]


def matches(pattern, value):
    """Java's pattern over the whole value; None when Python cannot decide (`\\p{L}`, `\\u{10000}`)."""
    if re.search(r"\\p\{(?!Print|Alnum)|\\u\{|\\x\{", pattern):
        return None
    translated = re.sub(r"\$\{\d+,\d+\}", "$", pattern).replace(r"\z", r"\Z")
    # Java writes everything beyond the basic plane as a range of surrogate pairs.
    translated = translated.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    translated = re.sub(
        r"\[(?:\\.|[^\]\\])*\]|\\p\{\w+\}",
        lambda token: re.sub(r"\\p\{(\w+)\}", lambda name: JAVA_CLASSES[name[1]], token[0])
        if token[0].startswith("[")
        else f"[{JAVA_CLASSES[token[0][3:-1]]}]",
        translated,
    )
    return re.fullmatch(translated, value) is not None


def violations(shape, value, path=""):
    """A value's violations of the model's own constraints (beyond botocore's validator: max, pattern, enum)."""
    found = []
    if value is None:
        return found
    metadata = shape.metadata
    if shape.type_name == "structure" and isinstance(value, dict):
        for name in metadata.get("required", []):
            if value.get(name) is None:
                found.append(f"{path}.{name} is required")
        for name, member in value.items():
            if name in shape.members:
                found += violations(shape.members[name], member, f"{path}.{name}")
        return found
    size = None
    if shape.type_name == "list" and isinstance(value, list):
        size = len(value)
        for index, item in enumerate(value):
            found += violations(shape.member, item, f"{path}[{index}]")
    elif shape.type_name == "map" and isinstance(value, dict):
        size = len(value)
        for key, item in value.items():
            found += violations(shape.key, key, f"{path}.{key}") + violations(shape.value, item, f"{path}.{key}")
    elif shape.type_name == "string" and isinstance(value, str):
        size = len(value)
        enum = getattr(shape, "enum", None) or metadata.get("enum") or []
        if enum and value not in enum:
            found.append(f"{path} is not in the enum")
        if "pattern" in metadata and matches(metadata["pattern"], value) is False:
            found.append(f"{path} does not match {metadata['pattern']}")
        # Classes Python lacks: at least what no Unicode letter, digit or separator class contains.
        if "pattern" in metadata and matches(metadata["pattern"], value) is None and re.search(r"[\x00-\x1f]", value):
            found.append(f"{path} holds a control character")
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and shape.type_name != "timestamp":
        size = value
    if size is not None and "min" in metadata and size < metadata["min"]:
        found.append(f"{path} is less than {metadata['min']}")
    if size is not None and "max" in metadata and size > metadata["max"]:
        found.append(f"{path} is more than {metadata['max']}")
    return found


def unknown_members(shape, value, path=""):
    """Members of a raw JSON answer that AWS would never send."""
    if shape is None or value is None:
        return [] if not value else [f"{path} is not part of the model"]
    if shape.type_name == "structure" and isinstance(value, dict):
        return [
            problem
            for name, member in value.items()
            for problem in (
                unknown_members(shape.members[name], member, f"{path}.{name}")
                if name in shape.members
                else [f"{path}.{name} is not part of the model"]
            )
        ]
    if shape.type_name == "list" and isinstance(value, list):
        return [p for i, item in enumerate(value) for p in unknown_members(shape.member, item, f"{path}[{i}]")]
    if shape.type_name == "map" and isinstance(value, dict):
        return [p for key, item in value.items() for p in unknown_members(shape.value, item, f"{path}.{key}")]
    return []


def from_form(shape, fields, prefix):
    """The query protocol's form, read by the model; None for an absent member."""
    if shape.type_name == "structure":
        read = {n: from_form(m, fields, f"{prefix}.{n}" if prefix else n) for n, m in shape.members.items()}
        read = {name: value for name, value in read.items() if value is not None}
        return read if read or not prefix else None
    if shape.type_name == "list":
        if fields.get(prefix) == "":
            return []
        items = []
        while (item := from_form(shape.member, fields, f"{prefix}.member.{len(items) + 1}")) is not None:
            items.append(item)
        return items or None
    text = fields.get(prefix)
    if text is None:
        return None
    if shape.type_name in ("integer", "long"):
        return int(text)
    if shape.type_name in ("float", "double"):
        return float(text)
    if shape.type_name == "boolean":
        return {"true": True, "false": False}[text]
    return parse_timestamp(text) if shape.type_name == "timestamp" else text


def from_rest(shape, request):
    """Members in headers, query or payload; the operation's pattern finds those in the path."""
    headers, query = request["headers"], dict(parse_qsl(request["query"], keep_blank_values=True))
    read = {}
    for name, member in shape.members.items():
        location, key = member.serialization.get("location"), member.serialization.get("name", name)
        text = {"header": headers.get(key.lower()), "querystring": query.get(key)}.get(location)
        if text is not None and member.type_name in ("string", "integer"):
            read[name] = int(text) if member.type_name == "integer" else text
    return read


def from_path(operation, request):
    """Members in the path."""
    parts = zip(operation.http["requestUri"].split("/"), request["path"].rstrip("/").split("/"))
    return {label[1:-1]: unquote(value) for label, value in parts if label.startswith("{")}


class Undecodable(Exception):
    pass


def input_of(entry, operation):
    """The caller's request in the form of botocore's input; None for bodies this script cannot read."""
    request, body = entry["request"], base64.b64decode(entry["request"]["body"])
    shape = operation.input_shape
    try:
        if entry["protocol"] == "json":
            given = json.loads(body or b"{}")
            if shape is None or not isinstance(given, dict):
                return None if shape is None else given
            # AWS ignores members it does not know; botocore's validator would not.
            return without_unknown(shape, given)
        if entry["protocol"] == "query":
            return from_form(shape, dict(parse_qsl(body.decode(), keep_blank_values=True)), "") if shape else None
        if entry["protocol"] == "rest-json" and entry["service"] == "lambda":
            given = without_unknown(shape, json.loads(body or b"{}"))
            return {**given, **from_rest(shape, request), **from_path(operation, request)}
        if entry["protocol"] == "rest-json":
            endpoint = unquote(request["path"].split("/")[2])
            return {**from_rest(shape, request), "EndpointName": endpoint, "Body": body}
    except (ValueError, KeyError) as error:
        raise Undecodable(str(error)) from error
    return None


def without_unknown(shape, value):
    if shape.type_name == "structure" and isinstance(value, dict):
        return {n: without_unknown(shape.members[n], v) for n, v in value.items() if n in shape.members and v is not None}
    if shape.type_name == "list" and isinstance(value, list):
        return [without_unknown(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: without_unknown(shape.value, item) for key, item in value.items()}
    return value


def refused_by_aws(entry, operation):
    """Why AWS's model refuses the request, as a list; None when this script cannot read the request."""
    try:
        given = input_of(entry, operation)
    except Undecodable as error:
        return [str(error)]
    if given is None:
        return None
    shape = operation.input_shape
    if shape is None:
        return []
    report = ParamValidator().validate(given, shape)
    return ([report.generate_report()] if report.has_errors() else []) + violations(shape, given)


def verify(entry):
    """Every reason why AWS would not have given this answer."""
    service, answer = entry["service"], entry["answer"]
    body = base64.b64decode(answer["body"])
    if entry["operation"] not in model_of(service).operation_names:
        documented = answer["status"] in (400, 404, 405, 501) or entry["answeredBy"] == "gate" and answer["status"] == 403
        return [] if documented else [f"{entry['operation']} is no operation of {service}, yet it was answered"]
    operation = model_of(service).operation_model(entry["operation"])
    try:
        parsed = create_parser(PARSERS[entry["protocol"]]).parse(
            {
                "status_code": answer["status"],
                "headers": HeadersDict(answer["headers"]),
                # botocore passes a streamed payload on without reading it.
                "body": io.BytesIO(body) if operation.has_streaming_output and answer["status"] < 300 else body,
            },
            operation.output_shape,
        )
    except (ResponseParserError, ValueError, KeyError, TypeError) as error:
        return [f"the answer does not parse: {error}"]
    if answer["status"] < 300:
        return verify_success(entry, operation, parsed, body)
    return verify_refusal(entry, operation, parsed)


def verify_success(entry, operation, parsed, body):
    problems = [f"accepted, though AWS refuses it: {why}" for why in refused_by_aws(entry, operation) or []]
    shape = operation.output_shape
    if entry["protocol"] == "json" and body:
        problems += [f"answer: {problem}" for problem in unknown_members(shape, json.loads(body))]
    if shape is not None:
        parsed = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
        # S3's headers carry members that its model does not require; botocore's parser has already read them.
        problems += [f"answer: {problem}" for problem in violations(shape, parsed)]
    return problems


def has_rule(entry, code, message):
    return any(
        service in ("*", entry["service"]) and codes.fullmatch(code) and messages.match(message)
        for service, codes, messages in RULES
    )


def is_stated_limit(entry, parsed):
    """Whether the simulator says by name that it does not play a member or an operation that AWS has. An answer to HEAD has no body."""
    error = parsed.get("Error", {})
    message = entry["answer"]["headers"].get("x-simulator-refusal") or (
        error.get("Message", "") if error.get("Code") == "NotSimulated" else ""
    )
    return message.startswith(f"not simulated: {entry['service']} {entry['operation']}")


def verify_refusal(entry, operation, parsed):
    error = parsed.get("Error", {})
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    if not code:
        return ["the refusal has no code"]
    if is_stated_limit(entry, parsed):
        return []
    if entry["answeredBy"] == "gate":
        # A fault that was asked for may also be one that the operation documents.
        documented = {shape.name for shape in operation.error_shapes}
        if GATE.fullmatch(code) or code in documented or has_rule(entry, code, message):
            return []
        return [f"{code} is no refusal AWS gives before an operation"]
    if re.match(r"\d+ validation errors? detected", message) or (
        entry["answeredBy"] == "constraint" and entry["service"] != "s3"
    ):
        why = refused_by_aws(entry, operation)
        return ["refused for a constraint that AWS does not have: " + message] if why == [] else []
    return [] if has_rule(entry, code, message) else [f"no documented rule gives {code}: {message}"]


def planted(entry):
    """The same exchange, damaged in each way this script claims to notice."""
    answer = entry["answer"]
    if entry["protocol"] != "json" or entry["operation"] not in model_of(entry["service"]).operation_names:
        return
    body = base64.b64decode(answer["body"])
    if answer["status"] < 300 and body:
        damaged = base64.b64encode(json.dumps({**json.loads(body), "Planted": 1}).encode()).decode()
        yield {**entry, "answer": {**answer, "body": damaged}}
    if answer["status"] < 300:
        refusal = {"__type": "ValidationException", "message": "1 validation error detected: planted"}
        refused = {**answer, "status": 400, "body": base64.b64encode(json.dumps(refusal).encode()).decode()}
        yield {**entry, "answer": refused, "answeredBy": "constraint"}
        undocumented = {"__type": "PlantedException", "message": "planted"}
        refused = {**answer, "status": 400, "body": base64.b64encode(json.dumps(undocumented).encode()).decode()}
        yield {**entry, "answer": refused, "answeredBy": "operation"}
    elif entry["answeredBy"] == "constraint" and b"not simulated: " not in body:
        yield {**entry, "answer": {**answer, "status": 200, "body": ""}}


def judged(line):
    """The failure of an exchange, None without one; and how many damaged copies of it passed."""
    entry = json.loads(line)
    problems = verify(entry)
    unnoticed = sum(not verify(damaged) for damaged in planted(entry))
    named = f"{entry['service']} {entry['operation']} ({entry['protocol']}): {'; '.join(problems)}"
    return named if problems else None, unnoticed


ALIKE = re.compile(r'{"alike":"([0-9a-f]+)"')


def lines_of(paths, alike):
    """One at a time: the exchanges of all tests are gigabytes. Of exchanges that are alike the first one, and the count of the others."""
    seen = set()
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                key = ALIKE.match(line)[1]
                if key in seen:
                    alike[0] += 1
                else:
                    seen.add(key)
                    yield line


def main():
    passed, failures, blind, alike = 0, Counter(), 0, [0]
    with multiprocessing.Pool() as workers:
        for problem, unnoticed in workers.imap_unordered(judged, lines_of(sys.argv[1:], alike), chunksize=200):
            passed += problem is None
            blind += unnoticed
            if problem:
                failures[problem] += 1
    for problem, times in failures.most_common():
        print(f"{times}x {problem[:400]}")
    if blind:
        failures["planted damage was not noticed"] += blind
        print(f"{blind}x planted damage was not noticed: this verifier cannot be trusted")
    failed = sum(failures.values())
    print(f"{alike[0]} differ from another one in nothing but times, ids and signatures, and count with it")
    print(f"{passed} passed, {failed} failed (botocore {botocore.__version__})")
    sys.exit(1 if failed or not passed else 0)


main()
