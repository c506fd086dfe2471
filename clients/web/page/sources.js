// What is looked at now: the camera, a clip, or pictures. Opening one closes the one before.

import { picturesOf } from "./archive.js";
import { kindOf, quoted } from "./files.js";

/**
 * Events: "opened" (detail: {kind, name}), "closed", "shape" (detail: {width, height}), "pictures"
 * (detail: {name, pictures}), "failed" (detail: words), "said" (detail: words).
 */
export class Sources extends EventTarget {
  #video;
  #camera;
  #address = null;
  #opening = 0;
  kind = null;
  name = "";

  constructor(video, camera) {
    super();
    this.#video = video;
    this.#camera = camera;
    video.addEventListener("loadedmetadata", () => this.#tellShape());
    video.addEventListener("resize", () => this.#tellShape());
    video.addEventListener("ended", () => this.#tell("said", "The clip is over"));
    video.addEventListener("error", () => this.kind === "clip" && this.#fail(`${quoted(this.name)} cannot be played by this browser: MP4 (H.264) and WebM are known best`));
    camera.addEventListener("lost", () => this.#fail("The camera is gone: plug it in again, and it goes on by itself", { keepMissing: true }));
    camera.addEventListener("back", () => this.openCamera());
  }

  async openCamera() {
    const turn = this.#begin();
    try {
      const stream = await this.#camera.open();
      if (turn !== this.#opening) return this.#camera.close();
      this.#video.srcObject = stream;
      this.#video.controls = false;
      this.#opened("camera", "camera");
      await this.#video.play();
    } catch (error) {
      if (turn === this.#opening && error.name !== "AbortError") this.#fail(error.message);
    }
  }

  /** Open what was chosen or dropped; several files are pictures of one set. */
  async openFiles(files) {
    const turn = this.#begin();
    try {
      const kind = files.length === 1 ? await kindOf(files[0]) : "zip";
      const name = files.length === 1 ? files[0].name : `${files.length} files`;
      if (kind === "clip") return await this.#openClip(files[0]);
      const pictures = await this.#picturesIn(kind, files);
      if (turn !== this.#opening) return;
      this.#opened(kind, name);
      this.#tell("pictures", { name, pictures });
    } catch (error) {
      if (turn === this.#opening && error.name !== "AbortError") this.#fail(error.message);
    }
  }

  close() {
    this.#begin();
    this.#tell("closed");
  }

  async #openClip(file) {
    this.#address = URL.createObjectURL(file);
    this.#video.src = this.#address;
    this.#video.controls = true;
    this.#opened("clip", file.name);
    await this.#video.play().catch((error) => {
      // A clip that cannot be played is told by the video's own event, in clear words.
      if (error.name !== "NotSupportedError") throw error;
    });
  }

  async #picturesIn(kind, files) {
    if (files.length > 1) return files.map((file) => ({ name: file.name, read: () => checked(file) }));
    if (kind === "picture") return [{ name: files[0].name, read: () => files[0] }];
    this.#tell("said", `Opening ${quoted(files[0].name)}`);
    return picturesOf(files[0]);
  }

  #begin() {
    this.kind = null;
    this.#camera.close();
    this.#video.pause();
    this.#video.srcObject = null;
    this.#video.removeAttribute("src");
    this.#video.load();
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = null;
    return ++this.#opening;
  }

  #opened(kind, name) {
    this.kind = kind;
    this.name = name;
    this.#tell("opened", { kind, name });
  }

  #fail(words, { keepMissing = false } = {}) {
    if (!keepMissing) this.#begin();
    else this.kind = null;
    this.#tell("closed");
    this.#tell("failed", words);
  }

  #tellShape() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (width > 0) this.#tell("shape", { width, height });
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

async function checked(file) {
  const kind = await kindOf(file);
  if (kind !== "picture") throw new Error(`it is a ${kind}; open it alone`);
  return file;
}
