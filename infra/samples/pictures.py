"""A small real photograph for the replayed day: a baseline JPEG of 96 × 72 pixels, drawn for this project."""

from __future__ import annotations

import base64

_START = b"\xff\xd8"
_COMMENT = b"\xff\xfe"

_DRAWING = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABIMDRANCxIQDhAUExIVGywdGxgYGzYnKSAsQDlEQz85Pj1HUGZXR0thTT0+WXlaYWltcnNyRVV9hn"
    "xvhWZwcm7/2wBDARMUFBsXGzQdHTRuST5Jbm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm7/wAARCABI"
    "AGADASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhBy"
    "JxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKT"
    "lJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAA"
    "AAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRom"
    "JygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExc"
    "bHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwBmKMUuKMUgExRilxRigBMUYpcUYoATFGKXFGKAExRilxRigBMU"
    "YpcUYoAdijFOxRigBuKMU7FBwBk8AUANxRiqN1qSx8Ice+OT9BWdLqMj+p5z8x/pQBv4oxXOfbZPRfyqzDqrBvmLAe53UAbWKMVDbXSTgAEbsd"
    "uh+lWMUANxRinYoxQA7FGKdijFADcVU1GUxQ4GcHJOPQVdxVXUIPNhz125yM9u9AHMuxdix6mm0+SMxuVP4e9MpgFFFFAFqwmaObCkjPI9jXSI"
    "d6K2MZANc7p1u0soIHsua6RECIFHQDFIAxRinYoxQAuKMVKUXPEi/kaTYP8Anov6/wCFTzIdiPFGKk2D/nov6/4UpiOeqn/gQo5kFjNutNSYfI"
    "AP9k9P/rVmzaPIuSqt17fNXR+WfVf++hR5Z9V/76FHPHuFmcv/AGVL6P8A98GrcGjMGywA/wB45/lW75T/ANxvyo8p/wC435Uc67hYrQWyQD5R"
    "lsct61LipPKf+435U3FNNPYQ3FGKdijFMB2KMUUUAGKMUUUAGKMUUUAGKMUUUAA4ORTt7/32/Oiik0nuAb3/AL7fnQJHB++350UUuSPYd2f/2Q"
    "=="
)


def picture(note: str = "") -> bytes:
    """A valid JPEG; another `note`, kept as its comment, makes another file."""
    if not note:
        return _DRAWING
    comment = note.encode()
    return _START + _COMMENT + (len(comment) + 2).to_bytes(2, "big") + comment + _DRAWING[len(_START) :]
