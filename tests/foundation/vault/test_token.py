"""Master keys in a device, tried on SoftHSM (Debian's `softhsm2`): the same store, and nothing opens without it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pkcs11
import pytest
from pkcs11 import Attribute, ObjectClass

from qipan.foundation.vault import keystore, token
from qipan.foundation.vault.keystore import FileKeyStore, KeyGone, KeyStore, KeysUnreachable

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="no PKCS#11 device: `apt-get install softhsm2`")


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory):
    """A token for this module: the library reads its configuration once in a process."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    (folder / "pin").write_text("1234\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "conf"))
        made = ["softhsm2-util", "--init-token", "--free", "--label", "here", "--pin", "1234", "--so-pin", "5678"]
        subprocess.run(made, check=True, capture_output=True)
        yield folder
        token.leave()


@pytest.fixture
def device(softhsm, settings):
    settings.PKCS11_MODULE, settings.PKCS11_TOKEN = str(LIBRARY), "here"
    settings.PKCS11_PIN_FILE = str(softhsm / "pin")
    settings.KEYSTORE = "qipan.foundation.vault.token.TokenKeyStore"
    return softhsm


def masters():
    with token._session() as session:
        return list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}))


def test_the_store_named_by_the_setting_keeps_data_keys_wrapped_by_the_device(device, keys):
    store: KeyStore = keystore.store()
    made = store.current(1, "incidents.reporter")
    assert store.current(1, "incidents.reporter") == made == keystore.store().get(made.id)
    assert not (keys / "master").exists()
    assert all(made.secret not in path.read_bytes() for path in keys.rglob("*") if path.is_file())
    with pytest.raises(KeysUnreachable):
        FileKeyStore().get(made.id)  # who has the folder alone has nothing


def test_the_device_gives_no_master_key_out(device):
    keystore.store().current(1, "x")
    for key in masters():
        with pytest.raises(pkcs11.PKCS11Error):
            _ = key[Attribute.VALUE]


def test_a_wrapped_key_moved_to_another_place_does_not_open(device, keys):
    store = keystore.store()
    first, second = store.current(1, "a"), store.current(2, "a")
    one, other = (keys / "data" / f"{key.id}.json" for key in (first, second))
    taken = json.loads(one.read_bytes())
    other.write_text(json.dumps(json.loads(other.read_bytes()) | {k: taken[k] for k in ("nonce", "wrapped")}))
    with pytest.raises(KeysUnreachable):
        store.get(second.id)
    assert store.get(first.id) == first


def test_rewrapping_leaves_one_master_key_and_the_same_data_keys(device):
    store = keystore.store()
    before = [store.current(district, "a") for district in (1, 2)]
    newest = store.rewrap()
    assert token.TokenMasters().every() == [newest]
    assert [store.get(key.id) for key in before] == before
    assert {facts.master_id for facts in store.every()} == {newest}


def test_a_destroyed_data_key_is_gone(device):
    store = keystore.store()
    key = store.current(1, "a")
    assert store.destroy(key.id) == 1
    with pytest.raises(KeyGone):
        store.get(key.id)


@pytest.mark.parametrize("wrong", ["PKCS11_MODULE", "PKCS11_TOKEN", "PKCS11_PIN_FILE"])
def test_a_device_that_does_not_answer_opens_nothing_and_is_asked_again(device, settings, tmp_path, wrong):
    store = keystore.store()
    key = store.current(1, "a")
    right = getattr(settings, wrong)
    token.leave()
    (tmp_path / "pin").write_text("9999")
    setattr(settings, wrong, str(tmp_path / "pin"))
    with pytest.raises(KeysUnreachable):
        store.get(key.id)
    setattr(settings, wrong, right)
    assert store.get(key.id) == key


def test_a_session_that_broke_is_opened_anew(device):
    store = keystore.store()
    key = store.current(1, "a")
    place = next(iter(token._open))

    def broken(**_words):
        raise pkcs11.exceptions.DeviceRemoved

    token._open[place] = SimpleNamespace(get_key=broken, close=lambda: None)  # the real one stays signed in
    with pytest.raises(KeysUnreachable):
        store.get(key.id)
    assert store.get(key.id) == key
    token.leave()
