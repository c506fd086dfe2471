// Where a frame's time goes, from the camera to the drawn box, measured in this browser.

const KEPT = 100;
const RATE_OVER_MS = 3000;

const STAGES = [
  ["pickup", "camera to page"],
  ["encode", "JPEG"],
  ["network", "network and queue"],
  ["locate", "face location"],
  ["mask", "putting masks on"],
  ["classify", "classification"],
  ["draw", "drawing"],
  ["whole", "together"],
];

export class Delays {
  #rows;
  #rate;
  #kept = [];
  #answeredAt = [];

  constructor(rows, rate) {
    this.#rate = rate;
    this.#rows = new Map(STAGES.map(([stage, words]) => [stage, rowOf(stage, words)]));
    rows.append(...[...this.#rows.values()].map((row) => row.element));
  }

  /** Take the answer to a frame, drawn at `drawnAt`; returns its whole delay in milliseconds. */
  add({ sent, times, receivedAt }, drawnAt) {
    const stages = stagesOf(sent, times, receivedAt, drawnAt);
    this.#kept.push(stages);
    if (this.#kept.length > KEPT) this.#kept.shift();
    this.#answeredAt.push(drawnAt);
    return stages.whole;
  }

  clear() {
    this.#kept = [];
    this.#answeredAt = [];
  }

  /** Write what was measured into the table. */
  render() {
    const since = performance.now() - RATE_OVER_MS;
    this.#answeredAt = this.#answeredAt.filter((time) => time >= since);
    const rate = this.#answeredAt.length / (RATE_OVER_MS / 1000);
    this.#rate.textContent = rate ? rate.toFixed(1) : "–";
    for (const [stage, row] of this.#rows) {
      const values = this.#kept.map((stages) => stages[stage]).filter((value) => value !== undefined);
      row.half.textContent = quantile(values, 0.5);
      row.most.textContent = quantile(values, 0.95);
      row.element.hidden = stage === "mask" && values.length === 0;
    }
  }
}

export function stagesOf(sent, times, receivedAt, drawnAt) {
  const services = (times.locate ?? 0) + (times.mask ?? 0) + (times.classify ?? 0);
  return {
    pickup: sent.startedAt - sent.capturedAt,
    encode: sent.encodeMs,
    network: receivedAt - sent.sentAt - services,
    locate: times.locate,
    mask: times.mask,
    classify: times.classify,
    draw: drawnAt - receivedAt,
    whole: drawnAt - sent.capturedAt,
  };
}

function quantile(values, share) {
  if (values.length === 0) return "–";
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1);
}

function rowOf(stage, words) {
  const element = document.createElement("tr");
  if (stage === "whole") element.className = "sum";
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = words;
  const [half, most] = [document.createElement("td"), document.createElement("td")];
  half.textContent = most.textContent = "–";
  element.append(head, half, most);
  return { element, half, most };
}
