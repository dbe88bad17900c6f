"""A minter, a verifier and a burn of claims, written from docs/claim-format.md alone: it shares no code with the project.

Reads one JSON request a line and answers each with one line. Needs Python 3.9 and the package `cryptography`.
"""

import base64
import calendar
import hashlib
import json
import os
import re
import socket
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HEADER = "v4.public."
TOLERANCE_MS = 5000
DAY_MS = 24 * 60 * 60 * 1000
CLUSTER_TAGS = "18 3 1a j 19 2 1d k 6n 1 1c h 6o 0 1b i".split()


class Refused(Exception):
    """The code of the refusal is its argument."""


# --- base64url, PASERK, PAE -------------------------------------------------------------------------------------


def to_b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64(text):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise Refused("invalid-claim")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Refused("invalid-claim") from None
    if to_b64(data) != text:
        raise Refused("invalid-claim")
    return data


def key_id(public):
    return "k4.pid." + to_b64(hashlib.blake2b(("k4.pid." + public).encode(), digest_size=33).digest())


def pae(*pieces):
    return struct.pack("<Q", len(pieces)) + b"".join(struct.pack("<Q", len(piece)) + piece for piece in pieces)


# --- minting ----------------------------------------------------------------------------------------------------


def mint(secret, claim):
    raw = from_b64(secret[len("k4.secret.") :])
    seed, public = raw[:32], raw[32:]
    footer = json.dumps({"kid": key_id("k4.public." + to_b64(public))}, separators=(",", ":")).encode()
    payload = json.dumps(claim, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(pae(HEADER.encode(), payload, footer, b""))
    return HEADER + to_b64(payload + signature) + "." + to_b64(footer)


# --- verifying --------------------------------------------------------------------------------------------------


def once(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a name stands twice")
    return dict(pairs)


def no_constant(text):
    raise ValueError(text + " is no JSON")


def read_json(data):
    value = json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=no_constant)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def text(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None


def whole(value):
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def bytes_of(value):
    try:
        return len(value.encode("utf-8"))
    except UnicodeEncodeError:
        return None  # half a surrogate pair


def origin(value):
    return isinstance(value, str) and 1 <= len(value) <= 300


def milliseconds(value):
    """Unix milliseconds of an instant, or None when there is no such instant."""
    if not text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")(value):
        return None
    year, month, day, hour, minute, second = (int(part) for part in re.findall("[0-9]+", value))
    if not (1 <= month <= 12 and hour < 24 and minute < 60 and second < 60 and year >= 1):
        return None
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return calendar.timegm((year, month, day, hour, minute, second)) * 1000


def storage_key(value):
    if not isinstance(value, str) or not (bytes_of(value) or 513) <= 512:
        return False
    if re.search(r"[\x00-\x1f\x7f\\]", value):
        return False
    return all(segment not in ("", ".", "..") and bytes_of(segment) <= 255 for segment in value.split("/"))


TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REFERENCE = text(r"[A-Za-z0-9_-]{1,64}")

COMMON = {
    "iss": origin,
    "aud": origin,
    "sub": text(r"[A-Za-z0-9:_-]{1,64}"),
    "jti": text(r"[A-Za-z0-9_-]{21}[AQgw]"),
    "iat": lambda value: milliseconds(value) is not None,
    "exp": lambda value: milliseconds(value) is not None,
    "fen": REFERENCE,
}
FILE = {
    "key": storage_key,
    "name": lambda value: isinstance(value, str) and 1 <= (bytes_of(value) or 0) <= 255,
    "type": lambda value: text(TOKEN + "/" + TOKEN + r"(;[\x20-\x7e]*)?")(value) and len(value) <= 127,
    "size": lambda value: whole(value) and value >= 0,
    "mtime": whole,
}
# Exactly one of them says what is in it.
HASHED_FILE = {**FILE, "sha256": text(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")}
TAGGED_FILE = {**FILE, "etag": text(r"[A-Za-z0-9_-]{16,64}")}


def shaped(value, required, optional=()):
    if not isinstance(value, dict) or set(required) - set(value):
        return False
    checks = {**required, **dict(optional)}
    return all(name in checks and checks[name](part) for name, part in value.items())


def has_shape(claim, act):
    purpose = {"act": lambda value: value == act}
    if act == "hand-off":
        hand_off = {
            "ses": REFERENCE,
            "sta": text(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"),
            "met": text(r"[a-z0-9-]{1,32}"),
            "prv": lambda value: milliseconds(value) is not None,
        }
        return shaped(claim, {**COMMON, **purpose, **hand_off})
    if act != "download":
        return shaped(claim, {**COMMON, **purpose})
    download = {
        "fil": lambda value: shaped(value, HASHED_FILE) or shaped(value, TAGGED_FILE),
        "mod": lambda value: value in ("strict", "resumable"),
    }
    return shaped(claim, {**COMMON, **purpose, **download}, {"ses": REFERENCE, "acc": REFERENCE}.items())


def verify(token, act, issuer, audience, published, now_ms):
    """The claim, and whether a copy may begin. Raises Refused."""
    if len(token) > 4096:
        raise Refused("invalid-claim")
    match = re.fullmatch(r"v4\.public\.([A-Za-z0-9_-]{86,})\.([A-Za-z0-9_-]+)", token)
    if not match:
        raise Refused("invalid-claim")
    body, footer = from_b64(match[1]), from_b64(match[2])
    try:
        named = read_json(footer)
    except (ValueError, RecursionError):
        raise Refused("invalid-claim") from None
    if set(named) != {"kid"} or not text(r"k4\.pid\.[A-Za-z0-9_-]{44}")(named["kid"]):
        raise Refused("invalid-claim")
    keys = {key_id(each["key"]): each["key"] for each in published["keys"]}
    if named["kid"] not in keys:
        raise Refused("invalid-claim")
    key = Ed25519PublicKey.from_public_bytes(from_b64(keys[named["kid"]][len("k4.public.") :]))
    payload, signature = body[:-64], body[-64:]
    try:
        key.verify(signature, pae(HEADER.encode(), payload, footer, b""))
        claim = read_json(payload)
    except (InvalidSignature, ValueError, RecursionError):
        raise Refused("invalid-claim") from None
    if not has_shape(claim, act) or claim["iss"] != issuer or claim["aud"] != audience:
        raise Refused("invalid-claim")
    return claim, check_times(claim, now_ms)


def check_times(claim, now_ms):
    issued, expires = milliseconds(claim["iat"]), milliseconds(claim["exp"])
    if not issued < expires <= issued + 900_000 or now_ms < issued - TOLERANCE_MS:
        raise Refused("invalid-claim")
    if now_ms <= expires + TOLERANCE_MS:
        return True
    if claim.get("mod") == "resumable" and now_ms <= expires + TOLERANCE_MS + DAY_MS:
        return False
    raise Refused("expired")


def content_headers(file):
    """What the answer to a download says of the content."""
    if "etag" in file:
        return {"ETag": '"' + file["etag"] + '"'}
    digest = base64.b64encode(from_b64(file["sha256"])).decode()
    return {"ETag": '"' + file["sha256"][:16] + '"', "Repr-Digest": "sha-256=:" + digest + ":"}


# --- the ledger -------------------------------------------------------------------------------------------------


def base36(number):
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def subjects_of(claim, kid):
    holder = claim["sub"] if claim["sub"].startswith("link:") else "account:" + claim["sub"]
    subjects = ["claim:" + claim["jti"], holder]
    if claim["act"] == "download":
        subjects.append("file:" + claim["fil"]["key"])
        if "ses" in claim:
            subjects.append("session:" + claim["ses"])
        if "acc" in claim:
            subjects.append("account:" + claim["acc"])
    if claim["act"] == "hand-off":
        subjects.append("session:" + claim["ses"])
    subjects.append("key:" + kid)
    return subjects


def base_of(prefix, jti, cluster=False):
    if not cluster:
        return prefix
    return prefix + "{" + CLUSTER_TAGS[from_b64(jti)[12] % 16] + "}:"


def burn_of(claim, kid, base):
    """Keys and arguments of the burn script; the deadline is still to be put in."""
    nonce = from_b64(claim["jti"])
    forget = milliseconds(claim["exp"]) + 65_000
    minute = -(-forget // 60_000)
    number = struct.unpack("<I", nonce[8:12])[0]
    sets = [
        base + "burned:" + base36(minute) + ":" + str(level) + ":" + base36(number % count)
        for level, count in enumerate((8, 64, 512, 4096))
    ]
    subjects = [base + "revoked:" + subject for subject in subjects_of(claim, kid)]
    keys = [base + "epoch", base + "events", *sets, base + "copy:" + claim["jti"], *subjects]
    member = str(struct.unpack("<q", nonce[:8])[0])
    arguments = [claim["fen"], None, forget, milliseconds(claim["iat"]), claim["jti"], member, minute * 60, 100_000]
    if claim.get("mod") == "resumable":
        size = claim["fil"]["size"]
        arguments += [size - (-size // 4) + 1048576, size, 1, 900_000, 86_400_000, 1]
    return keys, arguments


class Redis:
    """As much of RESP2 as is needed."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        parts = [str(word).encode("utf-8") for word in words]
        self.socket.sendall(
            b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        )
        return self.read()

    def read(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:].decode("utf-8")
        if kind == b"-":
            raise RuntimeError(rest)
        if kind in (b"+", b":"):
            return rest if kind == b"+" else int(rest)
        if int(rest) < 0:
            return None
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2].decode("utf-8")
        return [self.read() for _ in range(int(rest))]

    def evaluate(self, script, keys, arguments):
        return self.ask("EVAL", script, len(keys), *keys, *arguments)

    def now_ms(self):
        seconds, micros = self.ask("TIME")
        return int(seconds) * 1000 + int(micros) // 1000


def read_fence(redis, script, base):
    return redis.evaluate(script, [base + "epoch"], [to_b64(os.urandom(6))])


def burn(redis, script, claim, kid, base):
    keys, arguments = burn_of(claim, kid, base)
    arguments[1] = redis.now_ms() + 1000
    return redis.evaluate(script, keys, arguments)[0]


# --- requests ---------------------------------------------------------------------------------------------------


def answer(request):
    do = request["do"]
    if do == "mint":
        return {"token": mint(request["secret"], request["claim"])}
    if do == "verify":
        wanted = [request[name] for name in ("token", "act", "issuer", "audience", "published", "nowMs")]
        try:
            claim, may_begin = verify(*wanted)
        except Refused as refused:
            return {"refusal": str(refused)}
        return {"claim": claim, "mayBegin": may_begin}
    if do == "key":
        return {"kid": key_id(request["public"])}
    if do == "describe-answer":
        return content_headers(request["claim"]["fil"])
    if do == "describe-burn":
        base = base_of(request["prefix"], request["claim"]["jti"], request.get("cluster", False))
        keys, arguments = burn_of(request["claim"], request["kid"], base)
        subjects = subjects_of(request["claim"], request["kid"])
        return {"keys": keys, "arguments": arguments, "subjects": subjects}
    redis = Redis(request["port"])
    if do == "fence":
        return {"fence": read_fence(redis, request["script"], request["prefix"])}
    if do == "burn":
        return {"outcome": burn(redis, request["script"], request["claim"], request["kid"], request["prefix"])}
    raise ValueError("cannot " + do)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
