"""Assembles the PKCS#12 files that no program writes on request. Called by make.sh."""

import hashlib
import subprocess


def der(tag, *parts):
    contents = b"".join(parts)
    length = len(contents)
    if length < 128:
        return bytes([tag, length]) + contents
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + contents


def sequence(*parts):
    return der(0x30, *parts)


def integer(number):
    return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def octets(contents):
    return der(4, contents)


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = bytes([40 * first + second])
    for arc in rest:
        part = [arc & 127]
        while arc := arc >> 7:
            part.insert(0, 128 | arc & 127)
        out += bytes(part)
    return der(6, out)


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, **options).stdout


DATA, ENCRYPTED_DATA = oid("1.2.840.113549.1.7.1"), oid("1.2.840.113549.1.7.6")
NULL = b"\x05\x00"


def data(safe_contents):
    return sequence(DATA, der(0xA0, octets(safe_contents)))


def encrypted_data(safe_contents, iterations):
    salt, iv = bytes(8), bytes(16)
    # An honest key takes too long to derive where nothing shall be decrypted with it.
    key = hashlib.pbkdf2_hmac("sha256", b"password", salt, min(iterations, 10_000), 32)
    encrypted = openssl("enc", "-aes-256-cbc", "-K", key.hex(), "-iv", iv.hex(), input=safe_contents)
    prf = sequence(oid("1.2.840.113549.2.9"), NULL)
    kdf = sequence(oid("1.2.840.113549.1.5.12"), sequence(octets(salt), integer(iterations), prf))
    scheme = sequence(oid("2.16.840.1.101.3.4.1.42"), octets(iv))
    algorithm = sequence(oid("1.2.840.113549.1.5.13"), sequence(kdf, scheme))
    info = sequence(DATA, algorithm, der(0x80, encrypted))
    return sequence(ENCRYPTED_DATA, der(0xA0, sequence(integer(0), info)))


def write(name, *safes, mac=b""):
    with open(name, "wb") as file:
        file.write(sequence(integer(3), data(sequence(*safes)), mac))


def bag(arc, value):
    return sequence(sequence(oid("1.2.840.113549.1.12.10.1." + arc), der(0xA0, value)))


key = bag("1", open("rsa.der", "rb").read())
no_key = bag("5", b"\x05\x00")
encrypt = ["pkcs8", "-topk8", "-in", "rsa.pem", "-outform", "DER", "-passout", "pass:password"]

write("key-in-encrypted-part.p12", encrypted_data(key, 2048))
write("aes-256-sha1.p12", data(bag("2", openssl(*encrypt, "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"))))
write("pbes2-3des.p12", data(bag("2", openssl(*encrypt, "-v2", "des3"))))
write("scrypt.p12", data(bag("2", openssl(*encrypt, "-scrypt"))))

# Each part asks for no more than a file may; together they ask for more.
write("many-parts.p12", encrypted_data(no_key, 1000), encrypted_data(no_key, 2_000_000))

sha_256 = sequence(oid("2.16.840.1.101.3.4.2.1"), NULL)
mac = sequence(sequence(sha_256, octets(bytes(32))), octets(bytes(8)), integer(2**31 - 1))
write("many-mac-iterations.p12", data(key), mac=mac)
