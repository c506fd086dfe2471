// The WebSocket to the gateway: it is opened again when it breaks, and keeps a window of frames.

import { frameMessage, readAnswer } from "./messages.js";

const WINDOW = 2; // one that is analysed, one that waits
const BUSY_FROM_MS = 30; // a gateway where frames wait for so long has other browsers to serve
const OLD_AFTER_MS = 100; // there, a frame that waits is replaced by a newer one this often
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5000;

const WORDS_OF_CODES = {
  1001: "The server is stopping",
  1009: "A frame was larger than the server takes",
  1011: "The server failed over a frame",
  1013: "The server has as many viewers as it takes",
};

/**
 * Events: "open" (a new session began), "state" (detail: {there, words}), "answer", "problem" and
 * "dropped" (detail: the message and `sent`, what was known when the frame was sent).
 */
export class Connection extends EventTarget {
  #socket = null;
  #underWay = new Map();
  #nextId = 1;
  #sentAt = 0;
  #isBusy = true;
  #retryMs = FIRST_RETRY_MS;
  #meshIsThere = false;
  #refusal = "";
  hello = null;
  columns = [];

  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/socket`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", (event) => this.#take(readAnswer(event.data)));
    socket.addEventListener("close", (event) => this.#closed(event));
    this.#socket = socket;
  }

  /** Whether frames are answered now. */
  get isThere() {
    return this.hello !== null && this.#meshIsThere;
  }

  /** Whether another frame may be sent: what is over the window would only wait. */
  get hasRoom() {
    if (!this.isThere || this.#underWay.size >= WINDOW) return false;
    if (this.#underWay.size === 0 || !this.#isBusy) return true;
    return performance.now() - this.#sentAt >= OLD_AFTER_MS;
  }

  /** Send a picture; `known` comes back with its answer. Returns its id. */
  sendFrame(kind, milliseconds, jpeg, known) {
    const id = this.#nextId++;
    this.#sentAt = performance.now();
    this.#underWay.set(id, { ...known, sentAt: this.#sentAt });
    this.#socket.send(frameMessage(kind, id, milliseconds, jpeg));
    return id;
  }

  /** Send a request; one that cannot be sent now is lost. */
  request(message) {
    if (this.hello !== null) this.#socket.send(JSON.stringify(message));
  }

  #take(message) {
    if (message.type === "hello") {
      this.hello = message;
      this.columns = message.columns;
      this.#meshIsThere = true;
      this.#retryMs = FIRST_RETRY_MS;
      this.#tell("open", message);
      this.#tellState(true, "Connected");
    } else if (message.type === "mesh") {
      this.#meshIsThere = message.there;
      const words = message.there ? "Connected" : "The services do not answer; waiting for them";
      this.#tellState(message.there, words);
    } else if (message.type === "refused") {
      this.#refusal = message.message;
    } else {
      const sent = this.#underWay.get(message.id) ?? null;
      this.#underWay.delete(message.id);
      if (message.type === "answer") this.#isBusy = message.times.wait >= BUSY_FROM_MS;
      this.#tell(message.type, { ...message, sent, receivedAt: performance.now() });
    }
  }

  #closed(event) {
    const lost = [...this.#underWay.values()];
    this.#underWay.clear();
    this.hello = null;
    const why = this.#refusal || WORDS_OF_CODES[event.code] || "The server does not answer";
    this.#refusal = "";
    this.#tellState(false, `${why}; trying again`);
    for (const sent of lost) this.#tell("dropped", { sent });
    setTimeout(() => this.open(), this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }

  #tellState(there, words) {
    this.#tell("state", { there, words });
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
