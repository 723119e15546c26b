"""AWS's words that name no right that the caller lacks, and what to do about each.

As recorded: tests/unit/aws/iam/test_denial.py."""

import re

ANOTHER_BUCKET = "or choose another: bucket=NAME"
# What AWS says: what to do, with what the words name.
REMEDIES = {
    r"MultiFactorAuthentication failed with invalid MFA": "run it again, and type the code that "
    "your device shows then: one is good for 30 seconds and for one log-in",
    r"MultiFactorAuthentication failed": "correct `mfa_serial` of the profile in ~/.aws/config, "
    "then run it again with the code that your device shows",
    r"No OpenIDConnect provider found in your account for (?P<url>\S+?)[.,]?(?=\s|$)": "make it in "
    "the role's account: aws iam create-open-id-connect-provider --url {url} --client-id-list "
    "sts.amazonaws.com",
    r"Incorrect token audience": "ask for a token for sts.amazonaws.com, or add its audience to "
    "the account's OIDC provider",
    r"BlockPublicPolicy": "name accounts or roles in that policy in place of \"*\": the account "
    "lets no bucket be open to everybody",
    r"unable to decrypt the environment variables": "allow kms:Decrypt on the function's key to "
    "the function's own role, not to you: in the role's policy and in the key's. Then deploy again",
    r"cannot be assumed by Lambda": "let lambda.amazonaws.com assume the function's role, in the "
    "trust policy of that role (`iam_role_arn`). A role that was just made: run it again in a "
    "minute",
    r"execution role does not have permissions to call (?P<operation>\w+) on EC2": "attach the "
    "policy AWSLambdaVPCAccessExecutionRole to the function's role, not to you: it has "
    "ec2:{operation}, which a VPC needs",
    r"execution role does not have permissions to call (?P<operation>\w+) on (?P<service>\w+)":
    "allow {operation} of {service} to the function's role, not to you: in `iam_policy_file` with "
    "`autogen_policy` false, or in the policy of the role of `iam_role_arn`",
    r"expecting '(?P<region>[\w-]+)'": f"the bucket is in {{region}}: region={{region}}, "
    f"{ANOTHER_BUCKET}",
    r"^(301|PermanentRedirect)\b|using the specified endpoint|location constraint is incompatible":
    "the bucket, or what was asked for, is of another region: aws s3api "
    f"head-bucket --bucket NAME shows it. Set region=REGION, {ANOTHER_BUCKET}",
    r"STS is not activated in this region": "have who manages the account switch STS on for it "
    "(IAM, Account settings), or set AWS_STS_REGIONAL_ENDPOINTS=legacy",
    r"needs a subscription for the service": "have who manages the account switch the region on: "
    "aws account enable-region --region-name REGION. Or choose another with region=REGION",
    r"Cross-account pass role is not allowed": "set `iam_role_arn` to a role of the account that "
    "is deployed to",
}  # fmt: skip


def remedy(said: str) -> str:
    """'' for words that are none of these. Lines may have been folded."""
    text = " ".join(said.split())
    for pattern, fix in REMEDIES.items():
        if found := re.search(pattern, text):
            return fix.format(**found.groupdict())
    return ""
