// Pictures that stand alone: one after the other to the mesh.

import { Encoder } from "./encoder.js";
import { PICTURE } from "./messages.js";

const LONGEST_SIDE = 1280;

export class Pictures {
  #connection;
  #encoder = new Encoder();
  #awaited = null;

  constructor(connection) {
    this.#connection = connection;
    for (const kind of ["answer", "problem", "dropped"]) {
      connection.addEventListener(kind, ({ detail }) => this.#take(kind, detail));
    }
  }

  /**
   * Analyse one picture, a Blob; waits while the mesh is away.
   *
   * Returns {still, answer}: the picture scaled as it was sent, or as it came back with masks on,
   * and what is seen on it. Throws an Error in clear words.
   */
  async analyse(blob) {
    const picture = await decoded(blob);
    for (;;) {
      await this.#until(() => this.#connection.hasRoom);
      const { jpeg, width, height } = await this.#encoder.encode(
        picture, picture.width, picture.height, LONGEST_SIDE, this.#connection.hello.max_frame_bytes);
      const answer = await this.#answerTo(jpeg);
      if (answer === null) continue;
      const still = await createImageBitmap(answer.picture ?? jpeg);
      return { still, answer: { ...answer, width, height } };
    }
  }

  /** Give up what is awaited. */
  stop() {
    this.#awaited?.reject(new Error("it was stopped"));
    this.#awaited = null;
  }

  /** Resolves to the answer; to null if the picture is to be sent again. */
  #answerTo(jpeg) {
    return new Promise((resolve, reject) => {
      this.#awaited = { resolve, reject };
      if (this.#connection.hasRoom) this.#connection.sendFrame(PICTURE, 0, jpeg, { isPicture: true });
      else resolve(null);
    });
  }

  async #until(isSo) {
    while (!isSo()) {
      await new Promise((resolve) => {
        for (const kind of ["state", "answer", "problem", "dropped"]) {
          this.#connection.addEventListener(kind, resolve, { once: true });
        }
      });
    }
  }

  #take(kind, detail) {
    if (!detail.sent?.isPicture || this.#awaited === null) return;
    const { resolve, reject } = this.#awaited;
    this.#awaited = null;
    // What the mesh's absence spoils is sent again when it is back.
    const isAgain = kind === "dropped" || detail.away;
    if (isAgain) resolve(null);
    else if (kind === "answer") resolve(detail);
    else reject(new Error(detail.message));
  }
}

async function decoded(blob) {
  try {
    return await createImageBitmap(blob);
  } catch {
    throw new Error("it is damaged, or of a kind that this browser cannot read");
  }
}
