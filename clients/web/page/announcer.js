// Tells a screen reader what changed: stable labels only, and never more than a sentence at a time.

const STABLE_MS = 1000;
const BETWEEN_MS = 5000;
const MOST_TOLD = 3;

export class Announcer {
  #region;
  #shown = new Map(); // track -> {words, since, seenAt}
  #told = new Map();
  #toldAt = -BETWEEN_MS;

  constructor(region) {
    this.#region = region;
  }

  /** Take the faces of a frame. */
  add(faces, now) {
    for (const { track, label, mask_state: mask } of faces) {
      const words = `${label}, ${mask === "unsure" ? "unsure of a mask" : mask}`;
      const before = this.#shown.get(track);
      const since = before?.words === words ? before.since : now;
      this.#shown.set(track, { words, since, seenAt: now });
    }
    for (const [track, face] of this.#shown) {
      if (now - face.seenAt > STABLE_MS) this.#shown.delete(track);
    }
    if (now - this.#toldAt >= BETWEEN_MS) this.#tell(now);
  }

  /** Say something at once that the user asked for. */
  say(words) {
    this.#region.textContent = words;
  }

  clear() {
    this.#shown.clear();
    this.#told.clear();
  }

  #tell(now) {
    const stable = [...this.#shown].filter(([, face]) => face.seenAt === now && now - face.since >= STABLE_MS);
    const news = stable.filter(([track, face]) => this.#told.get(track) !== face.words);
    const gone = [...this.#told.keys()].some((track) => !this.#shown.has(track));
    const nobody = this.#shown.size === 0 && gone;
    if (news.length === 0 && !nobody) return;
    this.#told = new Map(stable.map(([track, face]) => [track, face.words]));
    this.#toldAt = now;
    this.say(nobody ? "No face in the picture" : sentence(news, stable.length));
  }
}

function sentence(news, count) {
  if (news.length > MOST_TOLD) return `${count} faces in the picture`;
  return news.map(([track, face]) => `Face ${track}: ${face.words}`).join(". ");
}
