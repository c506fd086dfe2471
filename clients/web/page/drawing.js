// Boxes and labels, for the overlay on the screen and for what is saved.

import { EXPRESSIONS } from "./expressions.js";

const OF_NAME = new Map(EXPRESSIONS.map((expression) => [expression.name, expression]));

export function expressionOf(name) {
  return OF_NAME.get(name);
}

/**
 * Draw the faces of an answer. `context` is as wide as `width` units; what it shows has the size
 * of the answer, scaled. Text is never mirrored, only the places of boxes.
 */
export function drawFaces(context, answer, width, height, mirrored) {
  const across = width / answer.width;
  const down = height / answer.height;
  const unit = Math.max(12, Math.min(20, Math.min(width, height) / 22));
  for (const face of answer.faces) {
    const [x, y, w, h] = face.box;
    const left = (mirrored ? answer.width - x - w : x) * across;
    drawFace(context, face, { left, top: y * down, w: w * across, h: h * down }, unit, width);
  }
}

function drawFace(context, face, place, unit, width) {
  const { colour, ink } = expressionOf(face.label);
  context.lineWidth = unit / 3.2;
  context.strokeStyle = "#101010";
  context.strokeRect(place.left, place.top, place.w, place.h);
  context.lineWidth = unit / 5;
  context.strokeStyle = colour;
  context.strokeRect(place.left, place.top, place.w, place.h);
  const words = wordsOf(face);
  context.font = `600 ${unit}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  const plate = { w: context.measureText(words).width + 0.8 * unit, h: 1.5 * unit };
  const left = Math.max(0, Math.min(place.left, width - plate.w));
  const top = Math.max(0, place.top - plate.h);
  context.fillStyle = colour;
  context.fillRect(left, top, plate.w, plate.h);
  context.fillStyle = ink;
  context.fillText(words, left + 0.4 * unit, top + plate.h / 2);
}

function wordsOf(face) {
  const id = face.track === undefined ? "" : `${face.track}  `;
  return `${id}${face.label} ${percent(face.probabilities[face.label])} · ${face.mask_state}`;
}

export function percent(share) {
  return `${Math.round(100 * share)} %`;
}
