// What goes over the WebSocket; the gateway's messages.py tells the same.

export const VIDEO = 0;
export const PICTURE = 1;
const HEADER_BYTES = 13;
const LENGTH_BYTES = 4;

/** One picture behind its header. */
export function frameMessage(kind, id, milliseconds, jpeg) {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  header.setUint8(0, kind);
  header.setUint32(1, id);
  header.setFloat64(5, milliseconds);
  return new Blob([header.buffer, jpeg]);
}

/** The answer in a message, with the picture that it brings, if any, as `picture`. */
export function readAnswer(data) {
  if (typeof data === "string") return JSON.parse(data);
  const length = new DataView(data).getUint32(0);
  const text = new TextDecoder().decode(new Uint8Array(data, LENGTH_BYTES, length));
  const picture = new Blob([new Uint8Array(data, LENGTH_BYTES + length)], { type: "image/jpeg" });
  return { ...JSON.parse(text), picture };
}
