// The pictures of a zip and what is seen on each; a click shows one again.

export class FileList {
  #section;
  #progress;
  #rows;

  constructor({ section, progress, rows }) {
    this.#section = section;
    this.#progress = progress;
    this.#rows = rows;
  }

  begin() {
    this.#rows.replaceChildren();
    this.#section.hidden = false;
  }

  tell(words) {
    this.#progress.textContent = words;
  }

  /** Add a picture and what is seen on it; `show` is called when it is chosen, if it can be. */
  add(name, words, show) {
    const row = document.createElement("tr");
    const [file, seen] = [document.createElement("td"), document.createElement("td")];
    if (show) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.addEventListener("click", show);
      file.append(button);
    } else {
      file.textContent = name;
    }
    seen.textContent = words;
    row.append(file, seen);
    this.#rows.append(row);
  }

  close() {
    this.#section.hidden = true;
  }
}

/** What is seen on a picture, in a few words. */
export function facesInWords(faces) {
  if (faces.length === 0) return "no face";
  return faces.map((face) => `${face.label}, ${face.mask_words}`).join("; ");
}
