// A card for each face: label, mask, and the seven probabilities as bars.

import { expressionOf, percent } from "./drawing.js";
import { EXPRESSIONS } from "./expressions.js";

const GONE_AFTER_MS = 1500;
const MOST_WITH_BARS = 6; // with thirty faces, cards without bars can still be read

export class People {
  #list;
  #nobody;
  #cards = new Map();

  constructor(list, nobody) {
    this.#list = list;
    this.#nobody = nobody;
  }

  /** Show the faces of an answer; those that are not in it fade, and go after a while. */
  show(faces, now) {
    faces.forEach((face, i) => {
      const key = face.track ?? i + 1;
      if (!this.#cards.has(key)) this.#add(key);
      update(this.#cards.get(key), face, now);
    });
    this.#forget(now);
    const visible = this.#list.children;
    for (let i = 0; i < visible.length; i++) visible[i].classList.toggle("brief", i >= MOST_WITH_BARS);
  }

  clear() {
    this.#cards.clear();
    this.#list.replaceChildren();
    this.#nobody.hidden = false;
  }

  #add(key) {
    const card = newCard(key);
    this.#cards.set(key, card);
    this.#list.append(card.element);
    this.#nobody.hidden = true;
  }

  #forget(now) {
    for (const [key, card] of this.#cards) {
      card.element.classList.toggle("gone", card.seenAt !== now);
      if (card.seenAt !== now) write(card.mask, "not seen now");
      if (now - card.seenAt <= GONE_AFTER_MS) continue;
      card.element.remove();
      this.#cards.delete(key);
    }
    this.#nobody.hidden = this.#cards.size > 0;
  }
}

function update(card, face, now) {
  card.seenAt = now;
  const { colour, ink } = expressionOf(face.label);
  card.element.style.setProperty("--shown", colour);
  card.element.style.setProperty("--shown-ink", ink);
  write(card.label, face.label);
  write(card.mask, face.mask_words);
  for (const [name, bar] of card.bars) {
    const share = face.probabilities[name];
    bar.fill.style.transform = `scaleX(${share})`;
    write(bar.value, percent(share));
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function newCard(key) {
  const element = make("li", "person");
  const title = make("h3", "", make("span", "who", `Face ${key}`));
  const label = make("span", "label");
  const mask = make("span", "mask");
  title.append(label, mask);
  const list = make("ul", "bars");
  const bars = new Map();
  for (const { name, colour } of EXPRESSIONS) {
    const fill = make("div", "fill");
    fill.style.setProperty("--colour", colour);
    const value = make("span", "value");
    list.append(make("li", "", make("span", "", name), make("div", "track", fill), value));
    bars.set(name, { fill, value });
  }
  element.append(title, list);
  return { element, label, mask, bars, seenAt: 0 };
}

function make(tag, className, ...content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}
