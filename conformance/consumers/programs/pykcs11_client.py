# SPDX-License-Identifier: Apache-2.0
"""A Python application on PyKCS11: pykcs11_client.py MODULE TOKEN PIN SO_PIN CASE.

What the token computes is compared with the cryptography package."""

import hashlib
import os
import sys
import threading

import PyKCS11
from PyKCS11 import PyKCS11Error
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MODULE, TOKEN, PIN, SO_PIN, CASE = sys.argv[1:]
CKO_PROFILE = 9  # PyKCS11 1.5 does not name it
MESSAGE = b"the quick brown fox"


def load():
    lib = PyKCS11.PyKCS11Lib()
    lib.load(MODULE)
    return lib


def slot_of(lib, label=TOKEN):
    return next(s for s in lib.getSlotList(tokenPresent=True) if lib.getTokenInfo(s).label.strip() == label)


def login(lib):
    session = lib.openSession(slot_of(lib), PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
    session.login(PIN)
    return session


def refused(codes, call, *args):
    try:
        call(*args)
    except PyKCS11Error as error:
        assert error.value in (codes if isinstance(codes, tuple) else (codes,)), f"{error}"
        return
    raise AssertionError("accepted")


def data_template(label, value, token=True, private=True):
    return [
        (PyKCS11.CKA_CLASS, PyKCS11.CKO_DATA),
        (PyKCS11.CKA_TOKEN, token),
        (PyKCS11.CKA_PRIVATE, private),
        (PyKCS11.CKA_LABEL, label),
        (PyKCS11.CKA_VALUE, value),
    ]


def slots_and_mechanisms():
    lib = load()
    for slot in lib.getSlotList():
        print(lib.getSlotInfo(slot).to_dict()["flags"], lib.getTokenInfo(slot).to_dict()["flags"])
    slot = slot_of(lib)
    # Not getMechanismList(): PyKCS11 1.5.12 raises KeyError at a mechanism of 3.1 or later, as it has no name for it.
    mechanisms = PyKCS11.LowLevel.ckintlist()
    assert lib.lib.C_GetMechanismList(slot, mechanisms) == PyKCS11.CKR_OK
    for mechanism in mechanisms:
        info = PyKCS11.LowLevel.CK_MECHANISM_INFO()
        assert lib.lib.C_GetMechanismInfo(slot, mechanism, info) == PyKCS11.CKR_OK
        assert info.ulMinKeySize <= info.ulMaxKeySize, mechanism
    assert PyKCS11.CKM_RSA_PKCS in mechanisms and PyKCS11.CKM_AES_GCM in mechanisms


# consumers: big-objects
def big_objects():
    session = login(load())
    for size in (5000, 70000, 1 << 20):
        for private in (False, True):
            value = os.urandom(size)
            created = session.createObject(data_template(f"big {size} {private}", value, private=private))
            assert bytes(session.getAttributeValue(created, [PyKCS11.CKA_VALUE])[0]) == value
            found = session.findObjects([(PyKCS11.CKA_LABEL, f"big {size} {private}")])
            assert len(found) == 1
            assert bytes(session.getAttributeValue(found[0], [PyKCS11.CKA_VALUE])[0]) == value
    session.logout()
    # Another login sees them again, and only then the private ones.
    assert len(session.findObjects([(PyKCS11.CKA_CLASS, PyKCS11.CKO_DATA)])) == 3
    session.login(PIN)
    for found in session.findObjects([(PyKCS11.CKA_CLASS, PyKCS11.CKO_DATA)]):
        session.destroyObject(found)
    assert not session.findObjects([(PyKCS11.CKA_CLASS, PyKCS11.CKO_DATA)])


# consumers: session-objects-1000
def session_objects():
    lib = load()
    session = login(lib)
    for number in range(1000):
        session.createObject(data_template(f"session {number}", MESSAGE, token=False))
    assert len(session.findObjects([(PyKCS11.CKA_VALUE, MESSAGE)])) == 1000
    found = session.findObjects([(PyKCS11.CKA_LABEL, "session 777")])
    assert len(found) == 1
    session.destroyObject(found[0])
    assert len(session.findObjects([(PyKCS11.CKA_VALUE, MESSAGE)])) == 999
    session.closeSession()
    session = login(lib)
    assert not session.findObjects([(PyKCS11.CKA_VALUE, MESSAGE)])


# consumers: sessions-100
def sessions():
    lib = load()
    slot = slot_of(lib)
    opened = [lib.openSession(slot, PyKCS11.CKF_SERIAL_SESSION | (PyKCS11.CKF_RW_SESSION if n % 2 else 0)) for n in range(100)]
    opened[0].login(PIN)
    for session in opened:
        assert session.getSessionInfo().state in (PyKCS11.CKS_RO_USER_FUNCTIONS, PyKCS11.CKS_RW_USER_FUNCTIONS)
        assert bytes(session.digest(MESSAGE, PyKCS11.Mechanism(PyKCS11.CKM_SHA256, None))) == hashlib.sha256(MESSAGE).digest()
    refused(PyKCS11.CKR_SESSION_READ_ONLY, opened[0].createObject, data_template("ro", MESSAGE))
    refused(PyKCS11.CKR_USER_ALREADY_LOGGED_IN, opened[1].login, PIN)
    refused((PyKCS11.CKR_USER_ANOTHER_ALREADY_LOGGED_IN, PyKCS11.CKR_SESSION_READ_ONLY_EXISTS),
            opened[1].login, SO_PIN, PyKCS11.CKU_SO)
    lib.closeAllSessions(slot)
    refused(PyKCS11.CKR_SESSION_HANDLE_INVALID, opened[5].getSessionInfo)
    session = lib.openSession(slot)
    assert session.getSessionInfo().state == PyKCS11.CKS_RO_PUBLIC_SESSION


def rsa_pair(session, label, bits=2048, **more):
    public = [
        (PyKCS11.CKA_CLASS, PyKCS11.CKO_PUBLIC_KEY), (PyKCS11.CKA_TOKEN, PyKCS11.CK_FALSE), (PyKCS11.CKA_LABEL, label),
        (PyKCS11.CKA_MODULUS_BITS, bits), (PyKCS11.CKA_PUBLIC_EXPONENT, (1, 0, 1)), (PyKCS11.CKA_ENCRYPT, PyKCS11.CK_TRUE),
        (PyKCS11.CKA_VERIFY, PyKCS11.CK_TRUE), (PyKCS11.CKA_WRAP, PyKCS11.CK_TRUE)]
    private = [
        (PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY), (PyKCS11.CKA_TOKEN, PyKCS11.CK_FALSE), (PyKCS11.CKA_LABEL, label),
        (PyKCS11.CKA_DECRYPT, PyKCS11.CK_TRUE), (PyKCS11.CKA_SIGN, PyKCS11.CK_TRUE), (PyKCS11.CKA_UNWRAP, PyKCS11.CK_TRUE)]
    return session.generateKeyPair(public, private)


def public_numbers(session, key):
    modulus, exponent = session.getAttributeValue(key, [PyKCS11.CKA_MODULUS, PyKCS11.CKA_PUBLIC_EXPONENT])
    return rsa.RSAPublicNumbers(int.from_bytes(bytes(exponent), "big"), int.from_bytes(bytes(modulus), "big")).public_key()


def rsa_operations():
    session = login(load())
    public, private = rsa_pair(session, "rsa")
    judge = public_numbers(session, public)
    for name, hash_type in (("SHA1", hashes.SHA1()), ("SHA256", hashes.SHA256()), ("SHA512", hashes.SHA512())):
        mechanism = PyKCS11.Mechanism(getattr(PyKCS11, f"CKM_{name}_RSA_PKCS"), None)
        signature = bytes(session.sign(private, MESSAGE, mechanism))
        judge.verify(signature, MESSAGE, padding.PKCS1v15(), hash_type)
        assert session.verify(public, MESSAGE, signature, mechanism)
        assert not session.verify(public, MESSAGE + b"!", signature, mechanism)
        pss = PyKCS11.RSA_PSS_Mechanism(
            getattr(PyKCS11, f"CKM_{name}_RSA_PKCS_PSS"), getattr(PyKCS11, f"CKM_{name.replace('SHA1', 'SHA_1')}"),
            getattr(PyKCS11, f"CKG_MGF1_{name}"), 17)
        signature = bytes(session.sign(private, MESSAGE, pss))
        judge.verify(signature, MESSAGE, padding.PSS(padding.MGF1(hash_type), 17), hash_type)
        assert session.verify(public, MESSAGE, signature, pss)
    decrypted = session.decrypt(private, judge.encrypt(MESSAGE, padding.PKCS1v15()), PyKCS11.Mechanism(PyKCS11.CKM_RSA_PKCS, None))
    assert bytes(decrypted) == MESSAGE


# consumers: anchor-5-oaep
def oaep():
    session = login(load())
    public, private = rsa_pair(session, "oaep")
    judge = public_numbers(session, public)
    cases = (("CKM_SHA_1", "CKG_MGF1_SHA1", hashes.SHA1(), hashes.SHA1()),
             ("CKM_SHA256", "CKG_MGF1_SHA256", hashes.SHA256(), hashes.SHA256()),
             ("CKM_SHA384", "CKG_MGF1_SHA1", hashes.SHA384(), hashes.SHA1()),
             ("CKM_SHA512", "CKG_MGF1_SHA256", hashes.SHA512(), hashes.SHA256()))
    for hash_name, mgf_name, hash_type, mgf_hash in cases:
        mechanism = PyKCS11.RSAOAEPMechanism(getattr(PyKCS11, hash_name), getattr(PyKCS11, mgf_name))
        oaep_padding = padding.OAEP(padding.MGF1(mgf_hash), hash_type, None)
        assert bytes(session.decrypt(private, judge.encrypt(MESSAGE, oaep_padding), mechanism)) == MESSAGE
        assert bytes(session.decrypt(private, session.encrypt(public, MESSAGE, mechanism), mechanism)) == MESSAGE


def ec_operations():
    session = login(load())
    for curve, oid in ((ec.SECP256R1(), "06082a8648ce3d030107"), (ec.SECP384R1(), "06052b81040022"), (ec.SECP521R1(), "06052b81040023")):
        mechanism = PyKCS11.MechanismECGENERATEKEYPAIR
        public, private = session.generateKeyPair(
            [(PyKCS11.CKA_CLASS, PyKCS11.CKO_PUBLIC_KEY), (PyKCS11.CKA_TOKEN, PyKCS11.CK_FALSE),
             (PyKCS11.CKA_EC_PARAMS, bytes.fromhex(oid)), (PyKCS11.CKA_VERIFY, PyKCS11.CK_TRUE)],
            [(PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY), (PyKCS11.CKA_TOKEN, PyKCS11.CK_FALSE),
             (PyKCS11.CKA_SIGN, PyKCS11.CK_TRUE), (PyKCS11.CKA_DERIVE, PyKCS11.CK_TRUE)], mechanism)
        point = bytes(session.getAttributeValue(public, [PyKCS11.CKA_EC_POINT])[0])
        point = point[3:] if point[1] & 0x80 else point[2:]
        judge = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
        digest = hashlib.sha256(MESSAGE).digest()
        raw = bytes(session.sign(private, digest, PyKCS11.Mechanism(PyKCS11.CKM_ECDSA, None)))
        half = len(raw) // 2
        signature = utils.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
        judge.verify(signature, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        try:
            judge.verify(signature, hashlib.sha256(b"other").digest(), ec.ECDSA(utils.Prehashed(hashes.SHA256())))
            raise AssertionError("accepted")
        except InvalidSignature:
            pass
        peer = ec.generate_private_key(curve)
        peer_point = peer.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        secret = session.deriveKey(
            private,
            [(PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY), (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_GENERIC_SECRET),
             (PyKCS11.CKA_SENSITIVE, PyKCS11.CK_FALSE), (PyKCS11.CKA_EXTRACTABLE, PyKCS11.CK_TRUE),
             (PyKCS11.CKA_VALUE_LEN, (curve.key_size + 7) // 8)],
            PyKCS11.ECDH1_DERIVE_Mechanism(peer_point))
        assert bytes(session.getAttributeValue(secret, [PyKCS11.CKA_VALUE])[0]) == peer.exchange(ec.ECDH(), judge)


def aes_key(session, value):
    return session.createObject([
        (PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY), (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_AES), (PyKCS11.CKA_TOKEN, PyKCS11.CK_FALSE),
        (PyKCS11.CKA_VALUE, value), (PyKCS11.CKA_ENCRYPT, PyKCS11.CK_TRUE), (PyKCS11.CKA_DECRYPT, PyKCS11.CK_TRUE),
        (PyKCS11.CKA_WRAP, PyKCS11.CK_TRUE), (PyKCS11.CKA_UNWRAP, PyKCS11.CK_TRUE),
        (PyKCS11.CKA_SENSITIVE, PyKCS11.CK_FALSE), (PyKCS11.CKA_EXTRACTABLE, PyKCS11.CK_TRUE)])


def aes_operations():
    session = login(load())
    for length in (16, 24, 32):
        value, iv = os.urandom(length), os.urandom(16)
        key = aes_key(session, value)
        blocks = os.urandom(16 * 1000)
        encryptor = Cipher(algorithms.AES(value), modes.CBC(iv)).encryptor()
        mechanism = PyKCS11.Mechanism(PyKCS11.CKM_AES_CBC, iv)
        ciphertext = bytes(session.encrypt(key, blocks, mechanism))
        assert ciphertext == encryptor.update(blocks) + encryptor.finalize()
        assert bytes(session.decrypt(key, ciphertext, mechanism)) == blocks
        gcm = PyKCS11.AES_GCM_Mechanism(iv[:12], b"header", 128)
        sealed = bytes(session.encrypt(key, MESSAGE, gcm))
        assert AESGCM(value).decrypt(iv[:12], sealed, b"header") == MESSAGE
        assert bytes(session.decrypt(key, sealed, gcm)) == MESSAGE
        broken = sealed[:-1] + bytes([sealed[-1] ^ 1])
        try:
            session.decrypt(key, broken, gcm)
            raise AssertionError("a wrong tag was accepted")
        except PyKCS11Error as error:
            print("wrong tag:", error)


def wrapping():
    session = login(load())
    public, private = rsa_pair(session, "wrapper")
    value = os.urandom(32)
    key = aes_key(session, value)
    wrapped = session.wrapKey(public, key, PyKCS11.Mechanism(PyKCS11.CKM_RSA_PKCS, None))
    unwrapped = session.unwrapKey(private, wrapped, [
        (PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY), (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_AES), (PyKCS11.CKA_TOKEN, PyKCS11.CK_FALSE),
        (PyKCS11.CKA_SENSITIVE, PyKCS11.CK_FALSE), (PyKCS11.CKA_EXTRACTABLE, PyKCS11.CK_TRUE)],
        PyKCS11.Mechanism(PyKCS11.CKM_RSA_PKCS, None))
    assert bytes(session.getAttributeValue(unwrapped, [PyKCS11.CKA_VALUE])[0]) == value
    key_wrap = PyKCS11.Mechanism(PyKCS11.CKM_AES_KEY_WRAP, None)
    assert len(session.wrapKey(key, unwrapped, key_wrap)) == 40


def digests():
    session = login(load())
    big = os.urandom(1 << 20)
    for name in ("SHA_1", "SHA224", "SHA256", "SHA384", "SHA512"):
        expected = hashlib.new(name.replace("_", "").lower(), big).digest()
        assert bytes(session.digest(big, PyKCS11.Mechanism(getattr(PyKCS11, f"CKM_{name}"), None))) == expected
        parts = session.digestSession(PyKCS11.Mechanism(getattr(PyKCS11, f"CKM_{name}"), None))
        for at in range(0, len(big), 100000):
            parts.update(big[at:at + 100000])
        assert bytes(parts.final()) == expected


def pins():
    lib = load()
    session = login(lib)
    session.setPin(PIN, "24681357")
    session.logout()
    refused(PyKCS11.CKR_PIN_INCORRECT, session.login, PIN)
    session.login("24681357")
    session.setPin("24681357", PIN)
    session.logout()
    session.login(SO_PIN, PyKCS11.CKU_SO)
    session.initPin(PIN)
    session.logout()
    session.login(PIN)


# consumers: attributes-read
def all_attributes():
    session = login(load())
    rsa_pair(session, "attributes")
    aes_key(session, os.urandom(16))
    session.createObject(data_template("attributes", MESSAGE, token=False))
    names = [value for name, value in vars(PyKCS11).items() if name.startswith("CKA_") and isinstance(value, int)]
    objects = session.findObjects()
    assert len(objects) >= 4
    for found in objects:
        # PyKCS11 asks for one after the other, length first, and gives None for what is not there.
        values = session.getAttributeValue(found, names, allAsBinary=True)
        # A profile object is no storage object: of what PyKCS11 knows, it has the class alone.
        is_profile = bytes(session.getAttributeValue(found, [PyKCS11.CKA_CLASS], allAsBinary=True)[0])[0] == CKO_PROFILE
        assert sum(value is not None for value in values) >= (1 if is_profile else 5)
        session.getAttributeValue_fragmented(found, names)


def threads():
    lib = load()
    session = login(lib)
    public, private = rsa_pair(session, "threads")
    failed = []

    def work():
        try:
            own = lib.openSession(slot_of(lib), PyKCS11.CKF_SERIAL_SESSION)
            for _ in range(10):
                signature = own.sign(private, MESSAGE, PyKCS11.Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS, None))
                assert own.verify(public, MESSAGE, signature, PyKCS11.Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS, None))
            own.closeSession()
        except Exception as error:  # pylint: disable=broad-except
            failed.append(error)

    pool = [threading.Thread(target=work) for _ in range(8)]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    assert not failed, failed


CASES = {function.__name__.replace("_", "-"): function for function in (
    slots_and_mechanisms, big_objects, session_objects, sessions, rsa_operations, oaep, ec_operations, aes_operations,
    wrapping, digests, pins, all_attributes, threads)}
CASES[CASE]()
print("ok")
