"""Which face of a frame is which face of the frames before it, and where to look for it next.

One FaceFollower a stream takes frames and gives faces with lasting ids. A Kalman filter a face
(motion) says where it should be, a small patch (appearance) how it looks; faces found are matched
to those expected by both (association), and most frames are looked at only where faces are
expected (schedule).
"""

from maskmesh.services.face_location.tracking.finder import FaceFinder
from maskmesh.services.face_location.tracking.follower import FaceFollower, TrackedFace

__all__ = ["FaceFinder", "FaceFollower", "TrackedFace"]
