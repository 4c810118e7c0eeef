#!/usr/bin/env python3
"""Makes an endpoint with boto3 alone, against the simulator that the environment names, as the walk of docs/simulator.md does with the AWS
CLI; and is refused where a role has no permission. tools/by-hand.ts runs it."""
import io
import json
import tarfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

account = boto3.client("sts").get_caller_identity()["Account"]
region = boto3.session.Session().region_name
iam, s3, ecr, sagemaker = (boto3.client(name) for name in ("iam", "s3", "ecr", "sagemaker"))


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


s3.create_bucket(Bucket="fraud-models", CreateBucketConfiguration={"LocationConstraint": region})
assert "fraud-models" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]

sagemaker_may = document(Principal={"Service": "sagemaker.amazonaws.com"}, Action="sts:AssumeRole")
role = iam.create_role(RoleName="fraud-execution", AssumeRolePolicyDocument=sagemaker_may)["Role"]
for policy in ("AmazonS3ReadOnlyAccess", "AmazonEC2ContainerRegistryReadOnly"):
    iam.attach_role_policy(RoleName="fraud-execution", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")

repository = ecr.create_repository(repositoryName="fraud")["repository"]
manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"})
ecr.put_image(repositoryName="fraud", imageTag="1", imageManifest=manifest)

content = io.BytesIO()
with tarfile.open(fileobj=content, mode="w:gz") as archive:
    archive.addfile(tarfile.TarInfo("VERSION"), io.BytesIO())
s3.put_object(Bucket="fraud-models", Key="1/model.tar.gz", Body=content.getvalue())

container = {"Image": f"{repository['repositoryUri']}:1", "ModelDataUrl": "s3://fraud-models/1/model.tar.gz"}
sagemaker.create_model(ModelName="fraud-1", ExecutionRoleArn=role["Arn"], PrimaryContainer=container)
variant = {"VariantName": "live", "ModelName": "fraud-1", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
sagemaker.create_endpoint_config(EndpointConfigName="fraud-1", ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName="fraud", EndpointConfigName="fraud-1")
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="fraud", WaiterConfig={"Delay": 1, "MaxAttempts": 120})
answer = boto3.client("sagemaker-runtime").invoke_endpoint(
    EndpointName="fraud", ContentType="text/csv", Body=b"5.1,3.5,1.4,0.2"
)
assert answer["ResponseMetadata"]["HTTPHeaders"]["x-simulator-served-by"] == "stand-in"
assert answer["Body"].read().strip() == b"setosa"

iam.create_role(RoleName="nobody", AssumeRolePolicyDocument=document(Principal={"AWS": account}, Action="sts:AssumeRole"))
keys = boto3.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/nobody", RoleSessionName="boto3")["Credentials"]
nobody = boto3.client(
    "sagemaker",
    aws_access_key_id=keys["AccessKeyId"],
    aws_secret_access_key=keys["SecretAccessKey"],
    aws_session_token=keys["SessionToken"],
    config=Config(retries={"total_max_attempts": 1}),
)
try:
    nobody.list_endpoints()
    raise AssertionError("a role without a policy was allowed to list endpoints")
except ClientError as refused:
    assert refused.response["Error"]["Code"] == "AccessDeniedException", refused
