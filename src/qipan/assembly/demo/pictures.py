"""Pictures for the demo's photos: a mosaic of soft colours, different each time, of nothing and nobody."""

from __future__ import annotations

import hashlib
import io
import random
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from PIL import Image

from qipan.kernels import photos

SIZE = (288, 256)


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG as the store of photos would keep it."""

    content: bytes
    digest: bytes
    likeness: int

    def keep(self, path: str) -> None:
        """Write it where photos lie; what was written for a database that is made again is written again."""
        target = settings.FILES / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.content)


def draw(dice: random.Random, *, after: bool = False) -> Picture:
    """A picture; those of a place put in order are lighter."""
    noise = np.frombuffer(dice.randbytes(8 * 9 * 3), dtype=np.uint8).reshape(8, 9, 3).astype(np.float64)
    low, high = (120, 235) if after else (45, 165)
    tint = np.array([1.0, 0.97, 0.9])
    colours = ((low + noise / 255 * (high - low)) * tint).astype(np.uint8)
    picture = Image.fromarray(colours).resize(SIZE, Image.Resampling.BICUBIC)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=60)
    content = out.getvalue()
    return Picture(content, hashlib.sha256(content).digest(), photos.likeness(picture))
