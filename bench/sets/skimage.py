"""λ-trim's app: filters and shapes of pictures that the package brings.

After https://scikit-image.org/docs/stable/auto_examples/
"""

import numpy as np
from skimage import data, draw, feature, filters, io, measure, transform

image = data.camera()
print(image.shape, filters.threshold_otsu(image), data.astronaut().mean().round(4))
print(filters.sobel(image).sum().round(3), transform.rescale(image, 0.25).shape)
blank = np.zeros((64, 64), np.uint8)
blank[draw.disk((32, 32), 10)] = 1
print(
    measure.regionprops(measure.label(blank))[0].area,
    len(feature.corner_peaks(feature.corner_harris(blank))),
)
print(sorted(io.available_plugins))
