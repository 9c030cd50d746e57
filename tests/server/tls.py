"""A throwaway CA and a server certificate for 127.0.0.1, made by openssl."""
import fcntl
import os
import ssl
import subprocess
import tempfile

DAYS = "3650"
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
# A separate file, so that settings of the system do not matter.
CONFIG = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = ${ENV::NAME}
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1,DNS:localhost
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def context(folder):
    """A TLS context with the certificates in the folder, made if missing."""
    names = [os.path.join(folder, x)
             for x in ("ca.pem", "server.pem", "server.key")]
    with open(os.path.join(folder, "tls.lock"), "w", encoding="ascii") as lock:
        # Servers that start together on one folder must share one CA.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all(map(os.path.exists, names)):
            make(folder)
        if not os.path.isdir(os.path.join(folder, "certs")):
            hash_directory(folder)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(names[1], names[2])
    made.set_alpn_protocols(["http/1.1"])
    return made


def openssl(*words, name="", cwd=None):
    """Runs openssl; raises OSError with its message if it fails."""
    done = subprocess.run(("openssl",) + words, cwd=cwd, text=True,
                          env=dict(os.environ, NAME=name),
                          stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode != 0:
        raise OSError("openssl %s: %s" % (words[0], done.stderr.strip()))
    return done.stdout


def make(folder):
    with tempfile.TemporaryDirectory(dir=folder) as work:
        with open(os.path.join(work, "config"), "w", encoding="ascii") as f:
            f.write(CONFIG)
        openssl("req", "-x509", *KEY, "-config", "config", "-extensions", "ca",
                "-keyout", "ca.key", "-out", "ca.pem", "-days", DAYS,
                name="stand-in CA", cwd=work)
        openssl("req", "-new", *KEY, "-config", "config",
                "-keyout", "server.key", "-out", "server.csr",
                name="stand-in", cwd=work)
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem",
                "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem",
                "-days", DAYS, "-extfile", "config", "-extensions", "server",
                name="stand-in", cwd=work)
        for name in ("server.key", "server.pem", "ca.pem"):
            os.replace(os.path.join(work, name), os.path.join(folder, name))


def hash_directory(folder):
    """certs/HASH.0, for CAPATH."""
    ca = os.path.join(folder, "ca.pem")
    name = openssl("x509", "-hash", "-noout", "-in", ca).strip() + ".0"
    with tempfile.TemporaryDirectory(dir=folder) as work:
        certs = os.path.join(work, "certs")
        os.mkdir(certs)
        with open(ca, "rb") as source, \
                open(os.path.join(certs, name), "wb") as copy:
            copy.write(source.read())
        os.rename(certs, os.path.join(folder, "certs"))
