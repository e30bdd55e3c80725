"""aws secretsmanager get-secret-value --region R --secret-id ID --query SecretString
--output text, as the AWS CLI does it, but at once."""

import argparse
import datetime
import hashlib
import hmac
import http.client
import json
import os
import sys


def signed(host, region, body):
    """The headers of a request, with its signature (SigV4)."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"content-type": "application/x-amz-json-1.1", "host": host, "x-amz-date": now,
               "x-amz-target": "secretsmanager.GetSecretValue"}
    names = ";".join(sorted(headers))
    request = "\n".join(["POST", "/", "", *(f"{k}:{headers[k]}" for k in sorted(headers)), "", names,
                         hashlib.sha256(body).hexdigest()])
    scope = f"{now[:8]}/{region}/secretsmanager/aws4_request"
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in [*scope.split("/"), "\n".join(
            ["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(request.encode()).hexdigest()])]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return {**headers, "Authorization":
            f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
            f"SignedHeaders={names}, Signature={key.hex()}"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--region", default=os.environ["AWS_DEFAULT_REGION"])
    parser.add_argument("--secret-id", required=True)
    parser.add_argument("--query", required=True, choices=["SecretString"])
    parser.add_argument("--output", required=True, choices=["text"])
    given = parser.parse_args(sys.argv[3:])
    body = json.dumps({"SecretId": given.secret_id}).encode()
    host = os.environ["AWS_ENDPOINT_URL"].split("/")[2]
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("POST", "/", body, signed(host, given.region, body))
    answer = json.loads(connection.getresponse().read())
    if "SecretString" not in answer:
        code = answer.get("__type", "Unknown").rsplit("#", 1)[-1]
        sys.exit(f"\nAn error occurred ({code}) when calling the GetSecretValue operation: "
                 f"{answer.get('message') or answer.get('Message')}")
    print(answer["SecretString"])


main()
