// What is shown of the answers: cards, plot, announcements, delays, and the table to be saved.

import { Announcer } from "./announcer.js";
import { Delays } from "./delays.js";
import { People } from "./people.js";
import { ResultTable } from "./table.js";
import { Timeline } from "./timeline.js";

const RENDER_MS = 500;

export class Results {
  #people;
  #timeline;
  #announcer;
  #delays;
  #tracksBefore = 0;
  #highestTrack = 0;
  #frames = 0;
  table = new ResultTable();

  constructor(elements) {
    this.#people = new People(elements.people, elements.nobody);
    this.#timeline = new Timeline(elements.timeline, elements.legend);
    this.#announcer = new Announcer(elements.announcer);
    this.#delays = new Delays(elements.delays, elements.rate);
    setInterval(() => {
      this.#timeline.render(performance.now());
      this.#delays.render();
    }, RENDER_MS);
  }

  /** Another session numbers its tracks from 1: here they go on. */
  beginSession() {
    this.#tracksBefore = this.#highestTrack;
  }

  /** Another source: nothing of the one before is shown any more. */
  beginSource() {
    this.#people.clear();
    this.#timeline.clear();
    this.#announcer.clear();
    this.#delays.clear();
    this.table.clear();
    this.#frames = 0;
  }

  /** Give an answer's tracks their lasting ids. */
  withLastingTracks(answer) {
    for (const face of answer.faces) {
      if (face.track === undefined) continue;
      face.track += this.#tracksBefore;
      this.#highestTrack = Math.max(this.#highestTrack, face.track);
    }
  }

  /** Take the answer to a frame of a video, whose boxes have just been drawn. */
  addFrame(answer, file) {
    const now = performance.now();
    const delay = this.#delays.add(answer, now);
    this.#people.show(answer.faces, now);
    this.#timeline.add(answer.faces, now);
    this.#announcer.add(answer.faces, now);
    this.table.add(
      { file, frame: this.#frames++, time_s: round(answer.sent.timeMs / 1000, 4), delay_ms: round(delay, 1) },
      answer.faces);
  }

  /** Take the answer to a picture that stands alone. */
  addPicture(answer, file) {
    this.showPicture(answer);
    this.table.add({ file }, answer.faces);
  }

  /** Show who is on a picture that stands alone. */
  showPicture(answer) {
    this.#people.clear();
    this.#people.show(answer.faces, performance.now());
  }

  addFailure(file, words) {
    this.table.add({ file, error: words }, []);
  }

  say(words) {
    this.#announcer.say(words);
  }

  forgetFaces() {
    this.#people.clear();
  }
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}
