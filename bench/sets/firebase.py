"""Tokens that are signed here, documents as protobuf, a channel.

After https://firebase.google.com/docs/admin/setup
"""

import firebase_admin
import grpc
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.rpc import code_pb2, status_pb2

key = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
made = firebase_admin.credentials.Certificate(
    {"type": "service_account", "project_id": "p", "private_key": key.decode(),
     "client_email": "a@b.c", "token_uri": "https://localhost", "private_key_id": "1"}
)  # fmt: skip
print(made.project_id, made.service_account_email)
client = firestore.Client("p", AnonymousCredentials())
print(
    client.collection("a").document("b").path,
    client.collection("a").where("x", ">", 1)._to_protobuf(),
)
print(status_pb2.Status(code=code_pb2.NOT_FOUND, message="no"))
channel = grpc.secure_channel("localhost:1", grpc.ssl_channel_credentials())
print(type(channel).__name__)
channel.close()
