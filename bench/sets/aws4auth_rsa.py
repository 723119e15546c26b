"""Two packages that bring one README. Signatures of both.

After https://github.com/tedder/requests-aws4auth
"""

import requests
import rsa
from requests_aws4auth import AWS4Auth

auth = AWS4Auth("key", "secret", "eu-central-1", "s3")
made = requests.Request(
    "GET", "http://localhost/x", headers={"x-amz-date": "20240101T000000Z"}, auth=auth
).prepare()
print(sorted(made.headers), made.url)
public, private = rsa.newkeys(512)
print(rsa.verify(b"text", rsa.sign(b"text", private, "SHA-256"), public))
