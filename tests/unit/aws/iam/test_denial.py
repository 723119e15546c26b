"""tasks/aws/iam/denial.py: AWS's own words, as recorded (account numbers replaced)."""

import json
from typing import Any

import pytest

from tasks.aws import errors
from tasks.aws.iam import action_names, denial
from tasks.aws.iam.denial import Denial

ME = "arn:aws:iam::123456789012:user/deployer"
CI = "arn:aws:sts::123456789012:assumed-role/deployer/github"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "arn:aws:iam::123456789012:role/shop-prod"
OBJECT = "arn:aws:s3:::deps/layers/deps/20261129-010203/deps.zip"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:shop-prod"
SCP = "arn:aws:organizations::210987654321:policy/o-abc/service_control_policy/p-1"

SAID: dict[str, Denial] = {
    # IAM's user guide, "Access denied due to … – implicit denial", "– explicit denial"
    f"User: {ME} is not authorized to perform: lambda:PublishLayerVersion on resource: "
    "arn:aws:lambda:eu-west-1:123456789012:layer:deps because no identity-based policy allows the "
    "lambda:PublishLayerVersion action": Denial(
        action="lambda:PublishLayerVersion", who=ME, policy="identity-based policy",
        resource="arn:aws:lambda:eu-west-1:123456789012:layer:deps",
    ),
    f"User: {CI} is not authorized to perform: s3:PutObject on resource: \"{OBJECT}\" with an "
    "explicit deny in a service control policy": Denial(
        action="s3:PutObject", who=CI, resource=OBJECT, policy="service control policy",
        explicit=True,
    ),
    f"User: {CI} is not authorized to perform: lambda:CreateFunction on resource: {FUNCTION} with "
    f"an explicit deny in a service control policy: {SCP}": Denial(
        action="lambda:CreateFunction", who=CI, resource=FUNCTION, explicit=True, arn=SCP,
        policy="service control policy",
    ),
    f"User: {CI} is not authorized to perform: lambda:GetFunction because no service control "
    "policy allows the lambda:GetFunction action": Denial(
        action="lambda:GetFunction", who=CI, policy="service control policy"
    ),
    f"User: {CI} is not authorized to perform: s3:GetObject on resource: \"{OBJECT}\" because no "
    "resource control policy allows the s3:GetObject action": Denial(
        action="s3:GetObject", who=CI, resource=OBJECT, policy="resource control policy"
    ),
    f"User: {ME} is not authorized to perform: iam:CreateRole on resource: {ROLE} because no "
    "permissions boundary allows the iam:CreateRole action": Denial(
        action="iam:CreateRole", who=ME, resource=ROLE, policy="permissions boundary"
    ),
    f"User: {ME} is not authorized to perform: iam:PutRolePolicy on resource: role shop-prod with "
    "an explicit deny in a permissions boundary": Denial(
        action="iam:PutRolePolicy", who=ME, resource="role shop-prod", explicit=True,
        policy="permissions boundary",
    ),
    f"User: {CI} is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::deps\" "
    "because no session policy allows the s3:ListBucket action": Denial(
        action="s3:ListBucket", who=CI, resource="arn:aws:s3:::deps", policy="session policy"
    ),
    f"User: {ME} is not authorized to perform: s3:PutObject on resource: \"{OBJECT}\" with an "
    "explicit deny in a resource-based policy": Denial(
        action="s3:PutObject", who=ME, resource=OBJECT, explicit=True,
        policy="resource-based policy",
    ),
    f"User: {ME} is not authorized to perform: secretsmanager:GetSecretValue on resource: "
    "shop/prod because no VPC endpoint policy allows the secretsmanager:GetSecretValue action":
    Denial(
        action="secretsmanager:GetSecretValue", who=ME, resource="shop/prod",
        policy="VPC endpoint policy",
    ),
    f"User: {ME} is not authorized to perform: sts:AssumeRole on resource: {ROLE} because no role "
    "trust policy allows the sts:AssumeRole action": Denial(
        action="sts:AssumeRole", who=ME, resource=ROLE, policy="role trust policy"
    ),
    # the services' own
    f"User: {ME} is not authorized to perform: kms:GenerateDataKey on resource: {KEY} because no "
    "identity-based policy allows the kms:GenerateDataKey action": Denial(
        action="kms:GenerateDataKey", who=ME, resource=KEY, policy="identity-based policy"
    ),
    f"User: {ME} is not authorized to perform: iam:PassRole on resource: {ROLE}": Denial(
        action="iam:PassRole", who=ME, resource=ROLE
    ),
    f"User: {ME} is not authorized to perform: apigateway:POST on resource: "
    "arn:aws:apigateway:eu-west-1::/restapis with an explicit deny": Denial(
        action="apigateway:POST", who=ME, resource="arn:aws:apigateway:eu-west-1::/restapis",
        explicit=True,
    ),
    "Not authorized to perform sts:AssumeRoleWithWebIdentity": Denial(
        action="sts:AssumeRoleWithWebIdentity", policy="role trust policy"
    ),
    "Your access has been denied by S3, please make sure your request credentials have permission "
    "to GetObject for deps/layers/deps/20261129-010203/deps.zip. S3 Error Code: AccessDenied. S3 "
    f"Error Message: User: {CI} is not authorized to perform: s3:GetObject on resource: "
    f"\"{OBJECT}\" because no session policy allows the s3:GetObject action": Denial(
        action="s3:GetObject", who=CI, resource=OBJECT, policy="session policy"
    ),
    "Your access has been denied by S3, please make sure your request credentials have permission "
    "to GetObject for deps/layers/deps/20261129-010203/deps.zip. S3 Error Code: AccessDenied. S3 "
    "Error Message: Access Denied": Denial(action="s3:GetObject", resource=OBJECT),
    f"User: {ME} is not authorized to perform: kms:Decrypt on the resource associated with this "
    "ciphertext because the resource does not exist in this Region, no resource-based policies "
    "allow access, or a resource-based policy explicitly denies access": Denial(
        action="kms:Decrypt"
    ),
    "Access to KMS is not allowed": Denial(action="kms:Decrypt"),
}  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_what_aws_says_is_read(said: str) -> None:
    """Action, resource, who, which policy; also folded, and behind botocore's words."""
    call = "An error occurred (AccessDenied) when calling the X operation: "
    assert denial.read(said) == denial.read(call + said) == SAID[said]
    assert denial.read(call + said.replace(" ", "\n ")) == SAID[said]


@pytest.mark.parametrize("said", ["", "Access Denied", "Rate exceeded", "no route to host"])
def test_what_names_no_action_is_no_denial(said: str) -> None:
    assert denial.read(said) is None


def remedy(said: str) -> str:
    """As a command shows it."""
    response: dict[str, Any] = {"Error": {"Code": "AccessDenied", "Message": said}}
    return errors.refusal("publishing", response, "PutObject").fix


WAYS = {
    "service control policy": "ask who manages your AWS organization to",
    "resource control policy": "ask who manages your AWS organization to",
    "permissions boundary": "the permissions boundary of arn:aws:iam::123456789012:user/deployer",
    "session policy": "the policy that this session was started with",
    "resource-based policy": "remove the deny of s3:PutObject from the policy of arn:aws:s3:::deps",
    "VPC endpoint policy": "the policy of the VPC endpoint",
    "role trust policy": "the trust policy of ",
}


@pytest.mark.parametrize("said", SAID)
def test_the_remedy_is_about_the_policy_that_decides(said: str) -> None:
    """It names the action that AWS named; `iam-policy` is of no use where another policy denies."""
    found, fix = SAID[said], remedy(said)
    assert found.action in fix
    assert WAYS.get(found.policy, "") in fix
    assert found.arn in fix
    if found.policy == "role trust policy":
        assert f"the trust policy of {found.resource or 'the role'}, for {found.who}" in fix
        assert "iam-policy for=trust" in fix
    if found.policy in WAYS or found.explicit:
        assert "iam-policy for=deploy" not in fix
        assert ("remove the deny" in fix) == found.explicit
    else:
        assert fix.startswith(f"allow {found.action}")


# What is no right of the caller's, by what to do.
KNOWN = {
    "MultiFactorAuthentication failed with invalid MFA one time pass code. ": "type the code",
    "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.":
    "mfa_serial",
    "No OpenIDConnect provider found in your account for "
    "https://token.actions.githubusercontent.com":
    "--url https://token.actions.githubusercontent.com --client-id-list",
    f"User: {ME} is not authorized to perform: s3:PutBucketPolicy on resource: "
    "\"arn:aws:s3:::deps\" because public policies are blocked by the BlockPublicPolicy block "
    "public access setting.": "in place of \"*\"",
    "Lambda was unable to decrypt the environment variables because KMS access was denied. Please "
    "check the function's KMS key settings. KMS Exception: AccessDeniedException KMS Message: The "
    "ciphertext refers to a customer master key that does not exist, does not exist in this "
    "region, or you are not allowed to access.": "to the function's own role, not to you",
    "The role defined for the function cannot be assumed by Lambda.": "lambda.amazonaws.com",
    "The provided execution role does not have permissions to call CreateNetworkInterface on EC2":
    "ec2:CreateNetworkInterface",
    "The provided execution role does not have permissions to call ReceiveMessage on SQS":
    "allow ReceiveMessage of SQS to the function's role",
    "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'":
    "region=eu-west-1",
    "The bucket you are attempting to access must be addressed using the specified endpoint. "
    "Please send all future requests to this endpoint.": "Set region=REGION",
    "The eu-central-1 location constraint is incompatible for the region specific endpoint this "
    "request was sent to.": "Set region=REGION",
    "STS is not activated in this region for account:123456789012. Your account administrator can "
    "activate STS in this region using the IAM Console.": "switch STS on",
}  # fmt: skip


@pytest.mark.parametrize("said", KNOWN)
def test_what_is_no_right_of_the_callers(said: str) -> None:
    """Who has to change what; no statement for the caller, whatever the code; folded, too."""
    for text in (said, said.replace(" ", "\n ")):
        fix = remedy(text)
        assert KNOWN[said] in fix
        assert "to this identity" not in fix
        assert "iam-policy" not in fix


def test_a_bucket_of_another_region_by_its_code_alone() -> None:
    """HEAD has no words."""
    response: dict[str, Any] = {"Error": {"Code": "301", "Message": ""}}
    assert "Set region=REGION" in errors.refusal("looking", response, "HeadBucket").fix


def test_the_statement_is_where_the_remedy_says() -> None:
    """One of ours is printed by `iam-policy`; another stands in the remedy."""
    assert denial.source("iam:PassRole") == "./doitw iam-policy for=deploy prints the statement"
    assert "for=gc prints" in denial.source("lambda:DeleteLayerVersion")
    assert f"for=deploy key={KEY} prints" in denial.source("kms:GenerateDataKey", KEY)
    queue = "arn:aws:sqs:eu-west-1:123456789012:orders"
    statement = denial.source("sqs:GetQueueAttributes", queue).partition("statement ")[2]
    assert json.loads(statement) == {
        "Effect": "Allow", "Action": "sqs:GetQueueAttributes", "Resource": queue
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("InvalidSignatureException", "Signature expired: 20261129T010203Z is now earlier than "
         "20261129T011703Z (20261129T012203Z - 5 min.)"),
        ("SignatureDoesNotMatch", "Signature not yet current: 20261129T020203Z is still later than "
         "20261129T011703Z (20261129T011203Z + 5 min.)"),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is "
         "too large."),
        ("RequestExpired", "Request has expired."),
    ],
)  # fmt: skip
def test_a_wrong_clock_is_no_matter_of_credentials(code: str, said: str) -> None:
    response: dict[str, Any] = {"Error": {"Code": code, "Message": said}}
    error = errors.refusal("asking who you are", response, "GetCallerIdentity")
    assert "this machine's clock" in error.problem
    assert said in error.problem
    assert "NTP" in error.fix


def test_an_operation_that_names_no_action_is_still_told() -> None:
    """Chalice's, too; of one that nobody knows no statement is made up."""
    assert action_names.action("CreateFunction") == "lambda:CreateFunction"
    assert action_names.action("HeadObject") == "s3:GetObject"
    assert action_names.action("CreateQueue") == "CreateQueue"
    assert denial.source("CreateQueue") == "./doitw iam-policy prints all that the tool needs"


def test_what_a_conversion_needs_is_in_its_own_policy() -> None:
    """Whether AWS names the action or not."""
    response: dict[str, Any] = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
    fix = errors.refusal("looking", response, "ListAliases").fix
    assert fix.startswith("allow lambda:ListAliases to this identity: ./doitw iam-policy for=conve")


def test_what_aws_hides_can_be_decoded() -> None:
    said = "You are not authorized to perform this operation. Encoded authorization failure "
    response = {"Error": {"Code": "UnauthorizedOperation", "Message": f"{said}message: Ab-_9"}}
    fix = errors.refusal("deploying", response, "CreateNetworkInterface").fix
    assert fix == "aws sts decode-authorization-message --encoded-message Ab-_9"
