// Cameras: asked for, listed, chosen, and missed when they are unplugged.

const WORDS = {
  NotAllowedError: "The browser may not use the camera: allow it beside the page's address, then start again",
  NotFoundError: "There is no camera: plug one in, or open a file",
  OverconstrainedError: "The chosen camera is not there any more: choose another",
  NotReadableError: "The camera does not work, or another program uses it: close that, then start again",
  AbortError: "The camera stopped while it started: start again",
  SecurityError: "This browser keeps pages from using cameras; open a file instead",
};
const INSECURE = "Browsers give the camera only to pages on this machine or by HTTPS: open a file, or the page by https://";

/** Events: "lost" when the camera in use is gone, "back" when one comes while it is missed. */
export class Camera extends EventTarget {
  #select;
  #stream = null;
  #missed = false;

  constructor(select) {
    super();
    this.#select = select;
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#changed());
  }

  /** Returns the chosen camera's stream; throws an Error that says what to do. */
  async open() {
    if (!navigator.mediaDevices) throw new Error(INSECURE);
    this.close();
    const chosen = this.#select.value;
    const video = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
    video[chosen ? "deviceId" : "facingMode"] = chosen ? { exact: chosen } : "user";
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      throw new Error(WORDS[error.name] ?? `The camera cannot be used (${error.name}): open a file instead`);
    }
    const track = this.#stream.getVideoTracks()[0];
    track.addEventListener("ended", () => this.#lose(track));
    await this.#list(track.getSettings().deviceId);
    return this.#stream;
  }

  close() {
    this.#missed = false;
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
  }

  #lose(track) {
    if (this.#stream?.getVideoTracks()[0] !== track) return;
    this.#stream = null;
    this.#missed = true;
    this.dispatchEvent(new Event("lost"));
  }

  async #changed() {
    const cameras = await this.#list(this.#select.value);
    if (this.#missed && cameras.length > 0) this.dispatchEvent(new Event("back"));
  }

  async #list(chosen) {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const cameras = devices.filter((device) => device.kind === "videoinput" && device.deviceId);
    const options = cameras.map((device, i) => new Option(device.label || `Camera ${i + 1}`, device.deviceId));
    this.#select.replaceChildren(...(options.length ? options : [new Option("Camera", "")]));
    if (cameras.some((device) => device.deviceId === chosen)) this.#select.value = chosen;
    return cameras;
  }
}
