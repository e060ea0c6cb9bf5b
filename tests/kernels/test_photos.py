from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from qipan.kernels import photos


def picture(seed: int = 1, size: tuple[int, int] = (320, 240)) -> Image.Image:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def with_metadata() -> bytes:
    exif = Image.Exif()
    exif[Base.Make] = "秘密相机"
    exif[Base.Orientation] = 6
    exif.get_ifd(IFD.GPSInfo).update({
        GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (36.0, 6.0, 0.0),
        GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: (114.0, 18.0, 0.0),
    })  # fmt: skip
    return encoded(picture(), exif=exif.tobytes())


def test_metadata_is_read_once_and_not_kept() -> None:
    found = photos.clean(with_metadata())
    assert found.point == pytest.approx((114.3, 36.1))
    again = Image.open(io.BytesIO(found.content))
    assert not again.getexif()
    assert "秘密相机".encode() not in found.content
    assert (found.width, found.height) == (240, 320)  # turned upright


def test_a_large_picture_is_made_smaller() -> None:
    found = photos.clean(encoded(picture(size=(4000, 1000))))
    assert (found.width, found.height) == (2048, 512)


def test_the_same_picture_compressed_again_keeps_its_likeness_and_another_does_not() -> None:
    first = photos.clean(encoded(picture(1), quality=95))
    again = photos.clean(encoded(picture(1), quality=60))
    other = photos.clean(encoded(picture(2)))
    differ = (first.likeness ^ again.likeness) & (2**64 - 1)
    assert differ.bit_count() <= 2
    assert first.likeness != other.likeness


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a" + b"\0" * 100, b"<svg onload=alert(1)>", b"%PDF-1.4", b"MZ" + b"\0" * 500, encoded(picture())[:200],
     encoded(picture(), "BMP"), encoded(picture(), "GIF")],
)  # fmt: skip
def test_what_is_not_a_whole_photo_of_an_accepted_kind_is_refused(data: bytes) -> None:
    with pytest.raises(photos.NotAPhoto):
        photos.clean(data)


def test_a_file_that_is_a_photo_and_something_else_keeps_only_the_photo() -> None:
    found = photos.clean(encoded(picture()) + b"<script>alert(1)</script>PK\x03\x04")
    assert b"<script>" not in found.content


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    bomb = encoded(Image.new("1", (30_000, 30_000)), "PNG")
    with pytest.raises((photos.TooLarge, photos.NotAPhoto)):
        photos.clean(bomb)


def test_a_file_of_too_many_bytes_is_refused() -> None:
    with pytest.raises(photos.TooLarge):
        photos.clean(b"\xff\xd8" + b"\0" * photos.MOST_BYTES)


def test_a_few_kilobytes_that_unfold_into_a_gigabyte_are_refused() -> None:
    bomb = io.BytesIO()
    Image.new("1", (8000, 8000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 20_000
    with pytest.raises(photos.TooLarge):
        photos.clean(bomb.getvalue())


def test_a_large_jpeg_is_not_decoded_whole(monkeypatch) -> None:
    seen = []
    real = Image.Image.thumbnail
    monkeypatch.setattr(Image.Image, "thumbnail", lambda self, *a, **b: (seen.append(self.size), real(self, *a, **b)))
    done = photos.clean(encoded(picture(size=(8000, 6000))))
    assert (done.width, done.height) == (2048, 1536)
    assert seen == [(4000, 3000)]


def test_pictures_sent_at_once_are_opened_one_after_another(monkeypatch) -> None:
    inside, most = [], []
    real = Image.Image.thumbnail

    def slowly(self: Image.Image, *given: object, **named: object) -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        real(self, *given, **named)
        inside.pop()

    monkeypatch.setattr(Image.Image, "thumbnail", slowly)
    data = encoded(picture())
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(photos.clean, [data] * 4))) == 4
    assert max(most) == 1
