// The pictures of a zip, unpacked one at a time in the browser: nothing but scaled JPEGs is sent.

import { LIMITS } from "./files.js";

const SUFFIXES = /\.(jpe?g|png|webp|gif|bmp|avif)$/i;
const MOST_PICTURES = 2000;
const BOMB_RATIO = 200; // no packed picture shrinks like this
const BOMB_BYTES = 1024 * 1024;

/** Returns [{name, read}] of a zip's pictures, sorted by name; throws an Error in clear words. */
export async function picturesOf(file) {
  const { unzipSync } = await import("./vendor/fflate.js");
  const data = new Uint8Array(await file.arrayBuffer());
  const names = new Set();
  list(unzipSync, data, (entry) => {
    if (SUFFIXES.test(entry.name) && !isHidden(entry.name)) names.add(entry.name);
    return false;
  });
  if (names.size === 0) throw new Error("there is no picture in the zip: it needs JPEG, PNG, WebP or GIF files");
  if (names.size > MOST_PICTURES) throw new Error(`the zip has ${names.size} pictures; ${MOST_PICTURES} may be opened at once`);
  return [...names].sort().map((name) => ({ name, read: () => unpack(unzipSync, data, name) }));
}

function unpack(unzipSync, data, name) {
  let refusal = "it is not in the zip any more";
  const found = list(unzipSync, data, (entry) => {
    if (entry.name !== name) return false;
    refusal = refusalOf(entry);
    return refusal === "";
  });
  if (refusal) throw new Error(refusal);
  return new Blob([found[name]]);
}

function refusalOf({ size, originalSize }) {
  if (originalSize > LIMITS.picture) return `unpacked it would have ${Math.ceil(originalSize / 1048576)} MB`;
  if (originalSize > Math.max(BOMB_BYTES, BOMB_RATIO * size)) return "it is no picture, it is made to fill memory";
  return "";
}

function list(unzipSync, data, filter) {
  try {
    return unzipSync(data, { filter });
  } catch (error) {
    throw new Error(`the zip is damaged, encrypted or packed in an unknown way (${error.message})`);
  }
}

function isHidden(name) {
  return name.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");
}
