// Saves the annotated picture, the annotated clip and the table on the user's own device.

const CLIP_TYPES = ["video/mp4;codecs=avc1", "video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
const CLIP_RATE = 25;
const LONGEST_CLIP_MS = 10 * 60 * 1000; // it is held in memory until it is saved

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export async function savePicture(stage) {
  const canvas = stage.painted(document.createElement("canvas"));
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  save(blob, `maskmesh-${stamp()}.png`);
}

export function stamp() {
  return new Date().toISOString().slice(0, 19).replaceAll(":", "-");
}

/** Records what the stage shows, boxes drawn in. Events: "saved". */
export class ClipRecorder extends EventTarget {
  #stage;
  #canvas = document.createElement("canvas");
  #recorder = null;
  #timers = [];

  constructor(stage) {
    super();
    this.#stage = stage;
  }

  get isRecording() {
    return this.#recorder !== null;
  }

  /** Throws an Error if this browser cannot record. */
  start() {
    const type = window.MediaRecorder && CLIP_TYPES.find((kind) => MediaRecorder.isTypeSupported(kind));
    if (!type) throw new Error("This browser cannot record clips; save single pictures instead");
    this.#stage.painted(this.#canvas);
    const recorder = new MediaRecorder(this.#canvas.captureStream(CLIP_RATE), { mimeType: type });
    const parts = [];
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    recorder.addEventListener("stop", () => {
      save(new Blob(parts, { type }), `maskmesh-${stamp()}.${type.includes("mp4") ? "mp4" : "webm"}`);
      this.dispatchEvent(new Event("saved"));
    });
    recorder.start(1000);
    this.#recorder = recorder;
    this.#timers = [
      setInterval(() => this.#stage.shows && this.#stage.painted(this.#canvas), 1000 / CLIP_RATE),
      setTimeout(() => this.stop(), LONGEST_CLIP_MS),
    ];
  }

  stop() {
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#recorder?.stop();
    this.#recorder = null;
  }
}
