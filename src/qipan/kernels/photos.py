"""Photos made safe: decoded, turned upright, made smaller, and written anew without anything but the picture."""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import GPS, IFD

FORMATS = ("JPEG", "PNG", "WEBP", "MPO")  # MPO: what some phones call a JPEG with a second picture in it
MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 64_000_000
MOST_WHOLE = 32_000_000  # of formats that can only be decoded whole: a few kilobytes of PNG are a gigabyte otherwise
LONGEST_SIDE = 2048
ONE = threading.Lock()  # one picture at a time is large in the memory of a process, however many are sent at once


class NotAPhoto(ValueError):
    """The bytes are not a picture of an accepted format, whatever their name says; or are one that is broken."""


class TooLarge(ValueError):
    """The file or the picture is larger than is accepted."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG without metadata; where it was taken if the camera said so (degrees, WGS 84); and its likeness."""

    content: bytes
    width: int
    height: int
    point: tuple[float, float] | None
    likeness: int


def clean(data: bytes) -> Photo:
    """Re-encode a photo. Raises NotAPhoto, TooLarge.

    The longest side is at most 2,048 pixels. `likeness` is a 64-bit difference hash (signed): the same picture, sent
    again or compressed again, keeps it.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
            most = MOST_PIXELS if picture.format in {"JPEG", "MPO"} else MOST_WHOLE
            if picture.width * picture.height > most:
                raise TooLarge
            point = _point(picture)
            with ONE:
                picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a large JPEG is not even decoded whole
                small = picture if picture.mode in {"RGB", "L"} else picture.convert("RGB")
                small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
            upright = ImageOps.exif_transpose(small).convert("RGB")
    except TooLarge:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, KeyError, Image.DecompressionBombError,
            Image.DecompressionBombWarning) as problem:  # fmt: skip
        raise NotAPhoto from problem
    bare = Image.frombytes("RGB", upright.size, upright.tobytes())  # nothing of the original but its pixels
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=84, optimize=True, progressive=True)
    return Photo(out.getvalue(), bare.width, bare.height, point, likeness(bare))


def likeness(picture: Image.Image) -> int:
    """The difference hash: 9 by 8 grey pixels, each compared with its right neighbour; as a signed 64-bit integer."""
    grey = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.LANCZOS), dtype=np.int16)
    bits = np.packbits((grey[:, 1:] > grey[:, :-1]).ravel())
    return int.from_bytes(bits.tobytes(), "big", signed=True)


def _point(picture: Image.Image) -> tuple[float, float] | None:
    try:
        gps = picture.getexif().get_ifd(IFD.GPSInfo)
        latitude = _degrees(gps[GPS.GPSLatitude]) * (-1 if gps.get(GPS.GPSLatitudeRef) == "S" else 1)
        longitude = _degrees(gps[GPS.GPSLongitude]) * (-1 if gps.get(GPS.GPSLongitudeRef) == "W" else 1)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError, OSError, SyntaxError):
        return None
    inside = abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude, longitude) != (0.0, 0.0)
    return (longitude, latitude) if inside else None


def _degrees(parts: tuple[float, float, float]) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
