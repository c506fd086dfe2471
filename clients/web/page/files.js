// What a file is, told by its content and not by its name, and whether it may be opened.

const MB = 1024 * 1024;
export const LIMITS = { picture: 50 * MB, zip: 200 * MB };
const HEAD_BYTES = 32;
const HEIF_BRANDS = ["heic", "heix", "mif1", "msf1", "avif", "avis"];

const at = (offset, ...signature) => (bytes) => signature.every((byte, i) => bytes[offset + i] === byte);
const letters = (text) => [...text].map((letter) => letter.charCodeAt(0));
const brand = (bytes) => String.fromCharCode(...bytes.slice(8, 12));
const isContainer = at(4, ...letters("ftyp"));
const isRiff = at(0, ...letters("RIFF"));

const KINDS = [
  ["picture", at(0, 0xff, 0xd8, 0xff)],
  ["picture", at(0, 0x89, ...letters("PNG"))],
  ["picture", at(0, ...letters("GIF8"))],
  ["picture", at(0, ...letters("BM"))],
  ["picture", (bytes) => isRiff(bytes) && at(8, ...letters("WEBP"))(bytes)],
  ["picture", (bytes) => isContainer(bytes) && HEIF_BRANDS.includes(brand(bytes))],
  ["clip", isContainer],
  ["clip", at(0, 0x1a, 0x45, 0xdf, 0xa3)],
  ["clip", at(0, ...letters("OggS"))],
  ["clip", (bytes) => isRiff(bytes) && at(8, ...letters("AVI "))(bytes)],
  ["zip", at(0, ...letters("PK"), 3, 4)],
  ["zip", at(0, ...letters("PK"), 5, 6)],
  ["program", at(0, ...letters("MZ"))],
  ["program", at(0, 0x7f, ...letters("ELF"))],
];

/** Returns "picture", "clip" or "zip"; throws an Error that says why a file cannot be opened. */
export async function kindOf(file) {
  if (file.size === 0) throw new Error(`${quoted(file.name)} is empty`);
  const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const kind = KINDS.find(([, matches]) => matches(bytes))?.[0];
  if (kind === "program") {
    throw new Error(`${quoted(file.name)} is a program, whatever its name says: open a picture, a clip or a zip of pictures`);
  }
  if (kind === undefined) {
    throw new Error(`${quoted(file.name)} is neither a picture nor a clip nor a zip: open JPEG, PNG, WebP, GIF, MP4, WebM or ZIP`);
  }
  checkSize(file.name, file.size, kind);
  return kind;
}

/** Throws an Error if a picture or zip is over its limit. A clip has none: it is played, not loaded. */
export function checkSize(name, size, kind) {
  const limit = LIMITS[kind];
  if (limit !== undefined && size > limit) {
    throw new Error(`${quoted(name)} has ${megabytes(size)} MB; a ${kind} may have ${megabytes(limit)} MB at most`);
  }
}

/** A name for a sentence: not longer than it helps. */
export function quoted(name) {
  return `“${name.length > 80 ? `${name.slice(0, 60)}…${name.slice(-15)}` : name}”`;
}

function megabytes(bytes) {
  return Math.ceil(bytes / MB);
}
