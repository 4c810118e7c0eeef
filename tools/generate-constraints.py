#!/usr/bin/env python3
"""Writes simulator/constraints/<service>.generated.json: the constraints of AWS's own service models, from the botocore package, on the
inputs of the simulator's operations: required members, types, patterns, lengths, ranges, enums. No text. Beside them the names of the
service's other operations, which AWS has and the simulator does not.

    pip install botocore==1.44.5 && python3 tools/generate-constraints.py [--check]

`--check` writes nothing and fails when a file differs from this botocore's output (or when the versions differ).
For services that also speak a protocol without self-describing answers (query, CBOR) the output shapes are emitted too; for REST
services the bindings of their operations to method, path and query.
"""
import json
import pathlib
import sys

import botocore
from botocore.loaders import Loader

DIRECTORY = pathlib.Path(__file__).resolve().parent.parent / "simulator" / "constraints"

SERVED = {
    "sagemaker": """
        AddTags CreateEndpoint CreateEndpointConfig CreateInferenceComponent CreateInferenceExperiment CreateModel
        CreateModelPackage CreateModelPackageGroup CreateTrainingJob CreateTransformJob DeleteEndpoint DeleteEndpointConfig
        DeleteInferenceComponent DeleteInferenceExperiment DeleteModel DeleteModelPackage DeleteModelPackageGroup DeleteTags
        DescribeEndpoint DescribeEndpointConfig DescribeInferenceComponent DescribeInferenceExperiment DescribeModel
        DescribeModelPackage DescribeModelPackageGroup DescribeTrainingJob DescribeTransformJob ListEndpointConfigs ListEndpoints
        ListInferenceComponents ListInferenceExperiments ListModelPackageGroups ListModelPackages ListModels ListTags
        ListTransformJobs StopInferenceExperiment StopTransformJob UpdateEndpoint UpdateEndpointWeightsAndCapacities UpdateModelPackage
        PutModelPackageGroupPolicy GetModelPackageGroupPolicy DeleteModelPackageGroupPolicy
    """,
    "sagemaker-runtime": "InvokeEndpoint InvokeEndpointAsync",
    "cloudwatch": """
        DeleteAlarms DescribeAlarmHistory DescribeAlarms GetMetricData GetMetricStatistics ListMetrics
        PutCompositeAlarm PutMetricAlarm PutMetricData SetAlarmState
    """,
    "application-autoscaling": """
        DeleteScalingPolicy DeleteScheduledAction DeregisterScalableTarget DescribeScalableTargets DescribeScalingActivities
        DescribeScalingPolicies DescribeScheduledActions PutScalingPolicy PutScheduledAction RegisterScalableTarget
    """,
    "sts": "AssumeRole AssumeRoleWithWebIdentity GetCallerIdentity",
    "sns": "CreateTopic Publish",
    "events": "CreateEventBus PutEvents",
    "iam": """
        AttachRolePolicy CreateOpenIDConnectProvider CreatePolicy CreateRole DeleteOpenIDConnectProvider DeletePolicy DeleteRole
        DeleteRolePolicy DetachRolePolicy GetOpenIDConnectProvider GetPolicy GetPolicyVersion GetRole GetRolePolicy
        ListAttachedRolePolicies ListOpenIDConnectProviders ListRolePolicies ListRoles PutRolePolicy UpdateAssumeRolePolicy
    """,
    "ecr": """
        BatchGetImage CreateRepository DeleteRepository DeleteRepositoryPolicy DescribeImages DescribeRepositories GetRepositoryPolicy
        ListImages PutImage SetRepositoryPolicy
    """,
    "codepipeline": """
        AcknowledgeJob CreateCustomActionType CreatePipeline DeleteCustomActionType DeletePipeline DisableStageTransition
        EnableStageTransition GetJobDetails GetPipeline GetPipelineExecution GetPipelineState ListActionExecutions ListActionTypes
        ListPipelineExecutions ListPipelines ListRuleExecutions OverrideStageCondition PollForJobs PutApprovalResult
        PutJobFailureResult PutJobSuccessResult RetryStageExecution RollbackStage StartPipelineExecution StopPipelineExecution
        UpdatePipeline
    """,
    "codedeploy": """
        BatchGetDeploymentTargets ContinueDeployment CreateApplication CreateDeployment CreateDeploymentConfig CreateDeploymentGroup
        DeleteDeploymentConfig GetApplication GetApplicationRevision GetDeployment GetDeploymentConfig GetDeploymentGroup
        GetDeploymentTarget ListDeploymentConfigs ListDeploymentTargets ListDeployments PutLifecycleEventHookExecutionStatus
        StopDeployment
    """,
    "ecs": """
        CreateCluster CreateService DeregisterTaskDefinition DescribeServices DescribeTaskDefinition RegisterTaskDefinition
        UpdateService
    """,
    "lambda": """
        CreateAlias CreateFunction GetAlias GetFunction GetFunctionConfiguration Invoke ListAliases ListVersionsByFunction
        PublishVersion UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration
    """,
}
WITH_OUTPUTS = {"cloudwatch", "iam", "sns", "sts"}
# REST services whose requests are read by the model's own bindings of members to the path and the query.
WITH_BINDINGS = {"lambda"}
# REST services, whose other operations are known by method and path.
REST = {"lambda", "sagemaker-runtime"}
CONSTRAINTS = ("enum", "max", "min", "pattern")


def emitted_shape(shape):
    emitted = {"type": shape["type"]}
    for name in CONSTRAINTS:
        if name in shape:
            emitted[name] = shape[name]
    if shape["type"] == "structure":
        if shape.get("required"):
            emitted["required"] = sorted(shape["required"])
        emitted["members"] = {name: member["shape"] for name, member in shape.get("members", {}).items()}
    elif shape["type"] == "list":
        emitted["member"] = shape["member"]["shape"]
    elif shape["type"] == "map":
        emitted["key"] = shape["key"]["shape"]
        emitted["value"] = shape["value"]["shape"]
    return emitted


def collect(name, shapes, into):
    if name in into:
        return
    into[name] = emitted_shape(shapes[name])
    shape = into[name]
    for child in [*shape.get("members", {}).values(), shape.get("member"), shape.get("key"), shape.get("value")]:
        if child is not None:
            collect(child, shapes, into)


def bindings(operation, shapes):
    """Method, path and status of a REST operation, and its members that travel in the query, in headers or as the body, by their names there."""
    members = shapes[operation["input"]["shape"]]["members"]
    query = {
        member["locationName"]: {"member": name, "type": shapes[member["shape"]]["type"]}
        for name, member in members.items()
        if member.get("location") == "querystring"
    }
    headers = {
        member["locationName"].lower(): name for name, member in members.items() if member.get("location") == "header"
    }
    http = operation["http"]
    bound = {"method": http["method"], "path": http["requestUri"], "status": http.get("responseCode", 200), "query": query}
    if headers:
        bound["headers"] = headers
    payload = shapes[operation["input"]["shape"]].get("payload")
    if payload:
        bound["payload"] = payload
    return bound


def tables(service, operations):
    loader = Loader()
    version = loader.determine_latest_version(service, "service-2")
    model = loader.load_service_model(service, "service-2", version)
    shapes, served = {}, {}
    for operation in operations:
        declared = model["operations"][operation]
        served[operation] = {}
        for side in ("input", "output") if service in WITH_OUTPUTS else ("input",):
            if side in declared:
                served[operation][side] = declared[side]["shape"]
                collect(declared[side]["shape"], model["shapes"], shapes)
                wrapper = declared[side].get("resultWrapper")
                if wrapper:
                    served[operation]["resultWrapper"] = wrapper
        if service in WITH_BINDINGS:
            served[operation]["http"] = bindings(declared, model["shapes"])
    source = f"botocore {botocore.__version__}, {service} {version}"
    others = {name: declared for name, declared in model["operations"].items() if name not in served}
    unserved = {
        name: f"{declared['http']['method']} {declared['http']['requestUri']}" if service in REST else ""
        for name, declared in sorted(others.items())
    }
    return {"source": source, "operations": served, "shapes": shapes, "unserved": unserved}


def s3_tables():
    """S3's operations, all of them: method, path, and the places of their members. Its model has almost no constraints; the handlers check the few."""
    loader = Loader()
    version = loader.determine_latest_version("s3", "service-2")
    model = loader.load_service_model("s3", "service-2", version)
    shapes = model["shapes"]

    def elements(name, seen):
        """The names of the elements of a body, at any depth."""
        shape = shapes[name]
        if name in seen:
            return set()
        inner = [member["shape"] for member in shape.get("members", {}).values()]
        inner += [shape[side]["shape"] for side in ("member", "key", "value") if side in shape]
        found = {member.get("locationName", key) for key, member in shape.get("members", {}).items()}
        return found.union(*(elements(child, seen | {name}) for child in inner)) if inner else found

    operations = {}
    for operation, declared in model["operations"].items():
        if declared.get("deprecated"):
            continue
        method, uri = declared["http"]["method"], declared["http"]["requestUri"]
        if not uri.startswith("/{Bucket}") and uri != "/" or "{Bucket}" in uri and declared.get("endpoint"):
            continue
        shape = shapes[declared["input"]["shape"]] if "input" in declared else {}
        members = shape.get("members", {})
        at = lambda place: {
            member["locationName"].lower() if place == "header" else member["locationName"]: name
            for name, member in members.items()
            if member.get("location") == place
        }
        # The bucket is part of the host in the model's own words; requests of either style name it.
        bound = {"method": method, "path": uri, "headers": at("header"), "query": at("querystring")}
        numbers = [name for name, member in members.items() if shapes[member["shape"]]["type"] in ("integer", "long")]
        if numbers:
            bound["numbers"] = numbers
        required = [
            members[name]["locationName"]
            for name in shape.get("required", [])
            if members[name].get("location") in ("header", "querystring")
        ]
        if required:
            bound["required"] = required
        payload = shape.get("payload")
        if payload and shapes[members[payload]["shape"]]["type"] == "structure":
            bound["elements"] = sorted(elements(members[payload]["shape"], frozenset()))
        operations[operation] = bound
    source = f"botocore {botocore.__version__}, s3 {version}"
    return {"source": source, "operations": operations}


def render(table):
    """One line per operation and shape: compact, and a new AWS version still shows as a readable diff."""

    def lines(section):
        body = ",\n".join(
            f"    {json.dumps(name)}: {json.dumps(section[name], sort_keys=True, ensure_ascii=False)}"
            for name in sorted(section)
        )
        return "{\n" + body + "\n  }"

    return (
        "{\n"
        f'  "source": {json.dumps(table["source"])},\n'
        + ",\n".join(f"  {json.dumps(section)}: {lines(table[section])}" for section in table if section != "source")
        + "\n}\n"
    )


def regions():
    """All regions of all partitions, without the pseudo-regions of global services."""
    partitions = Loader().load_data("partitions")["partitions"]
    names = sorted(name for partition in partitions for name in partition["regions"] if not name.endswith("-global"))
    source = f"botocore {botocore.__version__}, partitions.json"
    return json.dumps({"source": source, "regions": names}, indent=2) + "\n"


def main():
    check = "--check" in sys.argv[1:]
    DIRECTORY.mkdir(exist_ok=True)
    stale = []
    written = [(service, render(tables(service, operations.split()))) for service, operations in SERVED.items()]
    for name, text in [*written, ("s3", render(s3_tables())), ("regions", regions())]:
        path = DIRECTORY / f"{name}.generated.json"
        if check:
            if not path.exists() or path.read_text() != text:
                stale.append(path.name)
        else:
            path.write_text(text)
    if stale:
        print(f"stale against botocore {botocore.__version__}: {', '.join(stale)}")
        sys.exit(1)


main()
