// Sends the frames of a playing video, the newest whenever there is room; none ever queues here.

import { Encoder } from "./encoder.js";
import { VIDEO } from "./messages.js";

const LONGEST_SIDE = 640;
const OLDEST_MS = 1000; // a capture time further back is a clock that is not ours

export class Sender {
  #connection;
  #video;
  #encoder = new Encoder();
  #encoding = false;
  #startedAt = 0;
  #source = 0;
  skipped = 0;
  paused = false;

  constructor(connection, video) {
    this.#connection = connection;
    this.#video = video;
    // What is seen after a jump is not what was seen before.
    video.addEventListener("seeking", () => connection.request({ type: "start" }));
    this.#next();
  }

  /** Take what the video shows from now on as another video; returns its number. */
  startVideo() {
    this.#connection.request({ type: "start" });
    this.#startedAt = performance.now();
    this.skipped = 0;
    return ++this.#source;
  }

  /** Stop: answers to what is under way belong to no source any more. */
  stopVideo() {
    this.#source++;
  }

  get source() {
    return this.#source;
  }

  #next() {
    if ("requestVideoFrameCallback" in this.#video) {
      this.#video.requestVideoFrameCallback((now, about) => this.#frame(now, about));
    } else {
      requestAnimationFrame((now) => this.#frame(now, {}));
    }
  }

  #frame(now, about) {
    this.#next();
    const video = this.#video;
    const shows = video.videoWidth > 0 && !video.paused && !video.ended;
    if (!shows || this.paused || document.hidden || !this.#connection.isThere) return;
    if (this.#encoding || !this.#connection.hasRoom) this.skipped++;
    else this.#send(captureTime(now, about), about.mediaTime);
  }

  async #send(capturedAt, mediaTime) {
    this.#encoding = true;
    const source = this.#source;
    const video = this.#video;
    const startedAt = performance.now();
    const isClip = video.srcObject === null && mediaTime !== undefined;
    const timeMs = isClip ? 1000 * mediaTime : Math.max(0, capturedAt - this.#startedAt);
    try {
      const { jpeg, width, height } = await this.#encoder.encode(
        video, video.videoWidth, video.videoHeight, LONGEST_SIDE, this.#connection.hello.max_frame_bytes);
      const encodeMs = performance.now() - startedAt;
      if (source !== this.#source || !this.#connection.hasRoom) return;
      this.#connection.sendFrame(VIDEO, timeMs, jpeg, { source, timeMs, capturedAt, startedAt, encodeMs, width, height });
    } catch (error) {
      // The camera may go while its frame is drawn; its own event tells of that.
      console.warn("a frame was not sent:", error);
    } finally {
      this.#encoding = false;
    }
  }
}

function captureTime(now, about) {
  const told = about.captureTime;
  return told !== undefined && told <= now && told > now - OLDEST_MS ? told : now;
}
