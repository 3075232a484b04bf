"""The few colours of a chart's picture, so that it is small enough for a mail. Pure."""

from typing import Any

import numpy as np

BAND, AREA = 0.16, 0.36  # how strong the areas are


def palette_of(c: dict[str, str], tone: str) -> Any:
    """Return the 16 colours of a picture: the lines, the areas, and the shades at their edges.

    A quarter of the bytes of true colour, and none that matters goes lost.
    """
    colours = {name: np.array(list(bytes.fromhex(code[1:])), float) for name, code in c.items()}

    def over(name: str, alpha: float, ground: Any = colours["surface"]) -> Any:
        return ground + alpha * (colours[name] - ground)

    band = over("slate", BAND)
    return np.array(
        [
            *(colours[name] for name in ("surface", "line", "ink", "ink-3", "accent", "slate")),
            *(colours[tone], over(tone, AREA), over(tone, AREA, band), over(tone, 0.65), band),
            *(over("accent", 0.35), over("accent", 0.7), over("slate", 0.5)),
            *(over("ink-3", 0.5), over("ink", 0.5)),
        ]
    )


def nearest(pixels: Any, palette: Any) -> Any:
    """Return for each pixel the place of the colour that is nearest to it."""
    packed = pixels.astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    seen, places = np.unique(packed, return_inverse=True)
    colours = np.stack([seen >> 16, seen >> 8 & 255, seen & 255], axis=1).astype(float)
    distances = ((colours[:, None, :] - palette[None, :, :]) ** 2).sum(axis=2)
    return distances.argmin(axis=1).astype(np.uint8)[places].reshape(packed.shape)
