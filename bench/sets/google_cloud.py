"""Two packages of one namespace make clients. gRPC finds its certificates.

After https://cloud.google.com/python/docs/reference/storage/latest
"""

from google.auth.credentials import AnonymousCredentials
from google.cloud import secretmanager, storage

bucket = storage.Client("project", AnonymousCredentials()).bucket("name")
assert bucket.blob("a").public_url.endswith("/name/a")
client = secretmanager.SecretManagerServiceClient(credentials=AnonymousCredentials())
assert client.secret_path("p", "s") == "projects/p/secrets/s"
print(bucket.blob("a").public_url, client.secret_path("p", "s"))
