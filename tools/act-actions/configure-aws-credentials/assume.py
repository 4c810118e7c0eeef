"""Assumes ROLE with the job's identity token, and sets the credentials for the steps that follow."""
import json
import os
import urllib.request

import botocore.session

request = urllib.request.Request(
    os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"] + "&audience=sts.amazonaws.com",
    headers={"Authorization": "bearer " + os.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]},
)
with urllib.request.urlopen(request) as response:
    token = json.load(response)["value"]
region = os.environ["REGION"]
found = botocore.session.get_session().create_client("sts", region_name=region).assume_role_with_web_identity(
    RoleArn=os.environ["ROLE"], RoleSessionName="GitHubActions", WebIdentityToken=token
)["Credentials"]
with open(os.environ["GITHUB_ENV"], "a") as file:
    file.write(f"AWS_REGION={region}\nAWS_DEFAULT_REGION={region}\n")
    file.write(f"AWS_ACCESS_KEY_ID={found['AccessKeyId']}\n")
    file.write(f"AWS_SECRET_ACCESS_KEY={found['SecretAccessKey']}\nAWS_SESSION_TOKEN={found['SessionToken']}\n")
