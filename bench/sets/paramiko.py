"""Keys as OpenSSH writes them, host keys, a client.

After https://docs.paramiko.org/en/stable/
"""

import io

import paramiko
from cryptography.hazmat.backends import default_backend

key = paramiko.ECDSAKey.generate()
out = io.StringIO()
key.write_private_key(out, password="x")
again = paramiko.ECDSAKey.from_private_key(io.StringIO(out.getvalue()), password="x")
print(
    again == key,
    key.get_name(),
    again.verify_ssh_sig(b"data", paramiko.Message(key.sign_ssh_data(b"data").asbytes())),
)
config = paramiko.SSHConfig.from_text("Host a\n  User b\n  Port 2222\n")
print(dict(config.lookup("a")))
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.RejectPolicy())
print(len(client.get_host_keys()), default_backend().name, paramiko.Transport._preferred_kex)
