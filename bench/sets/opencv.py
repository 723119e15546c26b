"""Encode, decode, filter, and load a classic detector.

After https://docs.opencv.org/4.x/d1/dfb/intro.html
"""

import cv2
import numpy as np

image = np.zeros((64, 64, 3), np.uint8)
cv2.circle(image, (32, 32), 20, (255, 255, 255), -1)
done, png = cv2.imencode(".png", image)
assert done
assert (cv2.imdecode(png, cv2.IMREAD_COLOR) == image).all()
assert cv2.GaussianBlur(image, (5, 5), 0).shape == image.shape
faces = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
assert not faces.empty()
print(len(png), cv2.GaussianBlur(image, (5, 5), 0).sum(), faces.getOriginalWindowSize())
print(cv2.getVersionString(), cv2.Canny(image, 50, 100).sum())
