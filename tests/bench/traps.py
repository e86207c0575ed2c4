# SPDX-License-Identifier: Apache-2.0
"""Servers that stand where Keystone, MariaDB, RabbitMQ or Larder's API should, with a certificate that does not hold: for
another name, out of date, or of an authority nobody knows. They note what they are told once TLS is there. A fourth, with a
good certificate, shows that the trap would have noticed."""
import datetime
import ipaddress
import os
import socket
import ssl
import struct
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
CERTIFICATES = ('good', 'wrong-name', 'expired', 'unknown-issuer')


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(path, *parts):
    with open(path, 'wb') as file:
        for part in parts:
            if isinstance(part, x509.Certificate):
                file.write(part.public_bytes(serialization.Encoding.PEM))
            else:
                file.write(part.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                              serialization.NoEncryption()))
    os.chmod(path, 0o600)


def _sign(subject, key, issuer, issuer_key, begins, ends, extension):
    builder = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer)).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
    return builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints)).sign(
        issuer_key, hashes.SHA256())


def make_certificates(directory):
    """DIRECTORY/ca.pem is what is trusted; DIRECTORY/NAME.pem has certificate and key of each server."""
    now = datetime.datetime.utcnow()
    for authority in ('ca', 'other-ca'):
        key = ec.generate_private_key(ec.SECP256R1())
        made = _sign(authority, key, authority, key, now - 30 * DAY, now + DAY, x509.BasicConstraints(True, None))
        _write(os.path.join(directory, authority + '.pem'), made)
        for name in CERTIFICATES:
            if (name == 'unknown-issuer') != (authority == 'other-ca'):
                continue
            own = ec.generate_private_key(ec.SECP256R1())
            here = x509.IPAddress(ipaddress.ip_address('127.0.0.1'))
            names = [x509.DNSName('other.example.org')] if name == 'wrong-name' else [here, x509.DNSName('127.0.0.1')]
            ends = now - DAY if name == 'expired' else now + DAY
            subject = 'other.example.org' if name == 'wrong-name' else '127.0.0.1'
            _write(os.path.join(directory, name + '.pem'),
                   _sign(subject, own, authority, key, now - 20 * DAY, ends, x509.SubjectAlternativeName(names)), own)


def _greet_as_mariadb(connection):
    """MariaDB's greeting, and the client's wish for TLS."""
    flags = 0x0001 | 0x0008 | 0x0200 | 0x0800 | 0x2000 | 0x8000 | 0x80000
    body = b'\x0a10.11.6-MariaDB\x00' + struct.pack('<I', 7) + b'abcdefgh\x00' + struct.pack('<H', flags & 0xffff)
    body += b'\x2d' + struct.pack('<H', 2) + struct.pack('<H', flags >> 16) + b'\x15' + b'\x00' * 10 + b'ijklmnopqrst\x00'
    body += b'mysql_native_password\x00'
    connection.sendall(struct.pack('<I', len(body))[:3] + b'\x00' + body)
    header = connection.recv(4)
    if len(header) == 4:
        connection.recv(struct.unpack('<I', header[:3] + b'\x00')[0])


class Trap:
    """with Trap(DIRECTORY, 'expired', mariadb=True) as trap: ... trap.port, trap.heard (bytes that came through TLS)."""

    def __init__(self, directory, certificate, mariadb=False):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(os.path.join(directory, certificate + '.pem'))
        self._mariadb = mariadb
        self._socket = socket.create_server(('127.0.0.1', 0))
        self.port = self._socket.getsockname()[1]
        self.connections, self.heard = 0, b''

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._listen, args=(connection,), daemon=True).start()

    def _listen(self, connection):
        connection.settimeout(5)
        try:
            if self._mariadb:
                _greet_as_mariadb(connection)
            with self._context.wrap_socket(connection, server_side=True) as secure:
                self.heard += secure.recv(4096)
        except (OSError, ssl.SSLError):
            connection.close()
