// The results as a CSV table, with the columns of `maskmesh stream --csv`.

const MOST_ROWS = 100_000;
const FORMULA = /^[=+\-@\t\r]/; // a spreadsheet would run a file's name that begins like this

export class ResultTable {
  #rows = [];
  isCut = false;

  /** Take an answer; `about` has what is the same for all its faces. */
  add(about, faces) {
    const rows = faces.length ? faces.map((face) => ({ ...about, ...cellsOf(face) })) : [about];
    this.#rows.push(...rows);
    if (this.#rows.length <= MOST_ROWS) return;
    this.#rows.splice(0, this.#rows.length - MOST_ROWS);
    this.isCut = true;
  }

  get isEmpty() {
    return this.#rows.length === 0;
  }

  clear() {
    this.#rows = [];
    this.isCut = false;
  }

  /** Returns the table as text with these columns. */
  text(columns) {
    const lines = this.#rows.map((row) => columns.map((name) => cell(row[name])).join(","));
    return `${[columns.join(","), ...lines].join("\n")}\n`;
  }
}

function cellsOf(face) {
  const [x, y, width, height] = face.box;
  return { track: face.track, x, y, width, height, label: face.label, ...face.probabilities, mask: face.mask };
}

function cell(value) {
  if (value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
