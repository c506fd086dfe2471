// The last minute of each face: seven probabilities stacked, in their fixed colours.

import { expressionOf } from "./drawing.js";
import { EXPRESSIONS } from "./expressions.js";

const SPAN_MS = 60_000;
const STEP_MS = 200; // the plot is 300 steps wide, whatever the frame rate
const MOST_ROWS = 6;
const ROW_HEIGHT = 64;
const HEAD_HEIGHT = 20;
const FOOT_HEIGHT = 22;

export class Timeline {
  #canvas;
  #tracks = new Map();

  constructor(canvas, legend) {
    this.#canvas = canvas;
    legend.append(...EXPRESSIONS.map(legendItem));
    this.render(0);
  }

  /** Take the faces of a frame. */
  add(faces, now) {
    for (const face of faces) {
      if (face.track === undefined) continue;
      const steps = this.#tracks.get(face.track) ?? [];
      this.#tracks.set(face.track, steps);
      const last = steps.at(-1);
      const step = { time: now, probabilities: face.probabilities, label: face.label };
      if (last && now - last.time < STEP_MS) continue;
      steps.push(step);
    }
  }

  clear() {
    this.#tracks.clear();
  }

  /** Draw it anew; `now` in milliseconds. */
  render(now) {
    this.#forget(now);
    const rows = [...this.#tracks].sort((a, b) => b[1].at(-1).time - a[1].at(-1).time).slice(0, MOST_ROWS);
    rows.sort((a, b) => a[0] - b[0]);
    const height = Math.max(1, rows.length) * (ROW_HEIGHT + HEAD_HEIGHT) + FOOT_HEIGHT;
    const { context, width } = prepared(this.#canvas, height);
    const style = getComputedStyle(this.#canvas);
    const colours = { ink: style.color, faint: style.getPropertyValue("--edge") };
    rows.forEach(([track, steps], i) => {
      const top = i * (ROW_HEIGHT + HEAD_HEIGHT) + HEAD_HEIGHT;
      drawRow(context, `Face ${track}`, steps, { top, width, now }, colours);
    });
    drawAxis(context, width, height, colours);
    this.#canvas.setAttribute("aria-label", inWords(rows));
  }

  #forget(now) {
    for (const [track, steps] of this.#tracks) {
      while (steps.length && now - steps[0].time > SPAN_MS) steps.shift();
      if (steps.length === 0) this.#tracks.delete(track);
    }
  }
}

function drawRow(context, name, steps, { top, width, now }, { ink }) {
  context.fillStyle = ink;
  context.font = "13px system-ui, sans-serif";
  context.textBaseline = "bottom";
  context.textAlign = "left";
  context.fillText(name, 6, top - 3);
  const at = (time) => width * (1 - (now - time) / SPAN_MS);
  steps.forEach((step, i) => {
    const next = steps[i + 1];
    // A gap of more than a second is one in which the face was not seen.
    const end = next && next.time - step.time < 1000 ? next.time : step.time + STEP_MS;
    const [left, right] = [Math.round(at(step.time)), Math.min(width, Math.round(at(end)))];
    let below = top + ROW_HEIGHT;
    for (const { name: label, colour } of EXPRESSIONS) {
      const part = step.probabilities[label] * ROW_HEIGHT;
      context.fillStyle = colour;
      context.fillRect(left, below - part, right - left, part);
      below -= part;
    }
  });
}

function drawAxis(context, width, height, { ink, faint }) {
  context.fillStyle = ink;
  context.strokeStyle = faint;
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "top";
  for (const seconds of [60, 45, 30, 15, 0]) {
    const x = width * (1 - seconds / 60);
    context.beginPath();
    context.moveTo(x, height - FOOT_HEIGHT);
    context.lineTo(x, height - FOOT_HEIGHT + 4);
    context.stroke();
    context.textAlign = seconds === 60 ? "left" : seconds === 0 ? "right" : "center";
    const words = seconds === 0 ? "now" : `${seconds} s ago`;
    context.fillText(words, seconds === 60 ? 6 : seconds === 0 ? width - 6 : x, height - FOOT_HEIGHT + 6);
  }
}

function prepared(canvas, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  const width = canvas.clientWidth;
  const size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width };
}

function inWords(rows) {
  if (rows.length === 0) return "Expressions over the last 60 seconds: nobody was seen";
  const parts = rows.map(([track, steps]) => {
    const counts = Object.groupBy(steps, (step) => step.label);
    const shares = Object.entries(counts).sort((a, b) => b[1].length - a[1].length).slice(0, 3);
    const told = shares.map(([label, of]) => `${label} ${Math.round((100 * of.length) / steps.length)} %`);
    return `face ${track}: ${told.join(", ")}`;
  });
  return `Expressions over the last 60 seconds, ${parts.join("; ")}`;
}

function legendItem({ name }) {
  const item = document.createElement("li");
  const swatch = document.createElement("span");
  swatch.className = "swatch";
  swatch.style.setProperty("--colour", expressionOf(name).colour);
  item.append(swatch, name);
  return item;
}
