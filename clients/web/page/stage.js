// The picture area: the video plays by itself; what is drawn lies on canvases above it.

import { drawFaces } from "./drawing.js";

export class Stage {
  #area;
  #video;
  #still;
  #overlay;
  #answer = null;
  mirrored = false;

  constructor({ area, video, still, overlay }) {
    this.#area = area;
    this.#video = video;
    this.#still = still;
    this.#overlay = overlay;
    new ResizeObserver(() => this.#draw()).observe(area);
  }

  /** Take the shape of the source, and mirror it or not. */
  shape(width, height, mirrored) {
    this.#area.style.setProperty("--ratio", String(width / height));
    this.mirrored = mirrored;
    this.#area.classList.toggle("mirrored", mirrored);
  }

  /** Show an answer's boxes, and the picture that belongs to it, if any, above the video. */
  show(answer, picture = null) {
    this.#answer = answer;
    if (picture !== null) {
      Object.assign(this.#still, { width: picture.width, height: picture.height });
      this.#still.getContext("2d").drawImage(picture, 0, 0);
    }
    this.#still.hidden = picture === null;
    this.#draw();
  }

  /** Take the boxes away; the video goes on. */
  clear() {
    this.#answer = null;
    this.#still.hidden = true;
    this.#draw();
  }

  /** Whether there is something to save. */
  get shows() {
    return this.#source() !== null;
  }

  /** Returns a canvas of the source's size, the picture with its boxes drawn in. */
  painted(canvas) {
    const source = this.#source();
    const width = source.videoWidth || source.width;
    const height = source.videoHeight || source.height;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d", { alpha: false });
    context.save();
    if (this.mirrored) context.setTransform(-1, 0, 0, 1, width, 0);
    context.drawImage(source, 0, 0, width, height);
    context.restore();
    if (this.#answer) drawFaces(context, this.#answer, width, height, this.mirrored);
    return canvas;
  }

  #source() {
    if (!this.#still.hidden) return this.#still;
    return this.#video.videoWidth > 0 ? this.#video : null;
  }

  #draw() {
    const { clientWidth, clientHeight } = this.#area;
    const ratio = window.devicePixelRatio || 1;
    const canvas = this.#overlay;
    const size = { width: Math.round(clientWidth * ratio), height: Math.round(clientHeight * ratio) };
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, clientWidth, clientHeight);
    if (this.#answer) drawFaces(context, this.#answer, clientWidth, clientHeight, this.mirrored);
  }
}
