#!/usr/bin/env python3
"""AWS's own Python client in front of a simulator with two accounts and two regions; `tools/two-places.ts` starts it.

Each line of CHECKS is one call and the answer that AWS gives: nothing, or the code (and status) of a refusal. Prints `N passed, N failed`;
exit 1 after a failure.
"""
import json
import os
import sys
import urllib.error
import urllib.request

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

URL, TOOLING, PRODUCTION = os.environ["AWS_ENDPOINT_URL"], "999988887777", "444455556666"
HOME, AWAY = "eu-west-1", "us-east-1"


def client(service, region=HOME, keys=None, secret=None, **config):
    keys = keys or {"AccessKeyId": os.environ["AWS_ACCESS_KEY_ID"], "SecretAccessKey": os.environ["AWS_SECRET_ACCESS_KEY"]}
    return botocore.session.Session().create_client(
        service,
        region_name=region,
        endpoint_url=URL,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=secret or keys["SecretAccessKey"],
        aws_session_token=keys.get("SessionToken"),
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def session(account, **more):
    role = f"arn:aws:iam::{account}:role/places"
    return client("sts").assume_role(RoleArn=role, RoleSessionName="places", **more)["Credentials"]


def fetched(url):
    try:
        return urllib.request.urlopen(url).read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"


tooling, production = session(TOOLING), session(PRODUCTION)
group = f"arn:aws:sagemaker:{HOME}:{TOOLING}:model-package-group/churn"
for keys, region in ((tooling, HOME), (tooling, AWAY), (production, HOME)):
    client("sagemaker", region, keys).create_model_package_group(ModelPackageGroupName="churn")
    client("cloudwatch", region, keys).put_metric_data(Namespace="Two", MetricData=[{"MetricName": "m", "Value": 1}])
client("s3", AWAY, tooling).create_bucket(Bucket="two-places")
client("s3", AWAY, tooling).put_object(Bucket="two-places", Key="odd (key)*'!/ü +&=:,@$~", Body=b"content")
signed = client("s3", AWAY, tooling, signature_version="s3v4").generate_presigned_url(
    "get_object", Params={"Bucket": "two-places", "Key": "odd (key)*'!/ü +&=:,@$~"}
)

CHECKS = [
    ("the session of each account says whose it is", lambda: client("sts", keys=tooling).get_caller_identity()["Account"], TOOLING),
    ("a role of a session for more than an hour", lambda: client("sts", keys=tooling).assume_role(RoleArn=f"arn:aws:iam::{PRODUCTION}:role/places", RoleSessionName="more", DurationSeconds=7200), "ValidationError 400"),
    ("a group of another account without a policy", lambda: client("sagemaker", keys=production).describe_model_package_group(ModelPackageGroupName=group), "AccessDeniedException 400"),
    ("the ARN of another region", lambda: client("sagemaker", AWAY, tooling).describe_model_package_group(ModelPackageGroupName=group), "ValidationException 400"),
    ("a bucket of another account without a policy", lambda: client("s3", AWAY, production).list_objects_v2(Bucket="two-places"), "AccessDenied 403"),
    ("a repository of another account without a policy", lambda: client("ecr", keys=production).describe_images(registryId=TOOLING, repositoryName="churn"), "AccessDeniedException 400"),
    ("an object by its own region", lambda: client("s3", AWAY, tooling).list_objects_v2(Bucket="two-places")["KeyCount"], 1),
    ("an object by a presigned URL", lambda: fetched(signed), "content"),
    ("a presigned URL that was changed", lambda: fetched(signed.replace("two-places/", "two-places/x"))[:3], "403"),
    ("the region of a bucket, as the client follows it", lambda: client("s3", HOME, tooling).head_bucket(Bucket="two-places")["BucketRegion"], AWAY),
] + [
    (f"a wrong secret: {service} {call}", lambda service=service, call=call, more=more: getattr(client(service, keys=tooling, secret="wrong"), call)(**more), refusal)
    for service, call, more, refusal in (
        ("sagemaker", "list_endpoints", {}, "InvalidSignatureException 400"),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"x"}, "InvalidSignatureException 403"),
        ("cloudwatch", "describe_alarms", {}, "InvalidSignatureException 400"),
        ("codepipeline", "list_pipelines", {}, "InvalidSignatureException 400"),
        ("lambda", "list_aliases", {"FunctionName": "f"}, "InvalidSignatureException 403"),
        ("sts", "get_caller_identity", {}, "SignatureDoesNotMatch 403"),
        ("s3", "list_objects_v2", {"Bucket": "ml-releases"}, "SignatureDoesNotMatch 403"),
    )
] + [
    (f"a region that there is not: {service}", lambda service=service, call=call: getattr(client(service, "eu-west-99", tooling), call)(), refusal)
    for service, call, refusal in (
        ("sagemaker", "list_endpoints", "InvalidSignatureException 400"),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch 403"),
    )
]

passed = failed = 0
for name, call, expected in CHECKS:
    try:
        seen = call()
    except ClientError as error:
        seen = f"{error.response['Error']['Code']} {error.response['ResponseMetadata']['HTTPStatusCode']}"
    if seen == expected:
        passed += 1
    else:
        failed += 1
        print(f"{name}: {json.dumps(seen, default=str)[:300]} instead of {expected}")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
